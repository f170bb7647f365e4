package manage

import (
	"encoding/base64"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/keys"
)

func FuzzReadCursor(f *testing.F) {
	f.Add(cursorOf(&keys.Key{ID: "key_abc", CreatedAt: time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)}))
	for _, text := range []string{"", "1,", ",key_a", "x,y", "-1,key_a", "9223372036854775807,key_a", "1,a,b", "1,a b"} {
		f.Add(base64.RawURLEncoding.EncodeToString([]byte(text)))
	}
	f.Fuzz(func(t *testing.T, cursor string) {
		at, id, ok := readCursor(cursor)
		if !ok || cursor == "" {
			if !at.IsZero() || id != "" {
				t.Fatalf("%q gives %v, %q", cursor, at, id)
			}
			return
		}
		again, same, ok := readCursor(cursorOf(&keys.Key{ID: id, CreatedAt: at}))
		if !ok || !again.Equal(at) || same != id {
			t.Fatalf("%q gives %v, %q, and those give %v, %q, %v", cursor, at, id, again, same, ok)
		}
	})
}

func FuzzParsePast(f *testing.F) {
	for _, seed := range []string{"", "2026-11-22", "2026-11-22T12:00:00Z", "2026-11-22T12:00:00.123456789+02:00", "7d", "0000-01-01", "-7d"} {
		f.Add(seed)
	}
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, text string) {
		got, err := parsePast("from", text, now)
		if err != nil && !got.IsZero() {
			t.Fatalf("%q gives %v beside %v", text, got, err)
		}
		if got.Location() != time.UTC || got.Nanosecond()%1000 != 0 {
			t.Fatalf("%q gives %v, which no store keeps", text, got)
		}
	})
}
