package manage

import (
	"encoding/base64"
	"strconv"
	"strings"
	"time"

	"github.com/keystile/keystile/internal/keys"
)

const maxCursor = 200 // bytes; ours are shorter

// cursorOf names the last key of a page: its creation in microseconds, and its
// ID. Clients see an opaque text.
func cursorOf(k *keys.Key) string {
	text := strconv.FormatInt(k.CreatedAt.UnixMicro(), 10) + "," + string(k.ID)
	return base64.RawURLEncoding.EncodeToString([]byte(text))
}

// readCursor reads what cursorOf wrote. Empty is the first page; false says
// that this is no cursor.
func readCursor(cursor string) (time.Time, keys.ID, bool) {
	if cursor == "" {
		return time.Time{}, "", true
	}
	if len(cursor) > maxCursor {
		return time.Time{}, "", false
	}
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return time.Time{}, "", false
	}
	micros, id, _ := strings.Cut(string(text), ",")
	n, err := strconv.ParseInt(micros, 10, 64)
	if err != nil || !isWord(id, maxIDChars) {
		return time.Time{}, "", false
	}
	return time.UnixMicro(n).UTC(), keys.ID(id), true
}
