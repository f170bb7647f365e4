package manage_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/manage"
)

func TestDurationsAreReadAsWritten(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{
		"90d": 90 * 24 * time.Hour, "12h": 12 * time.Hour, "30m": 30 * time.Minute, "45s": 45 * time.Second,
		"1d12h": 36 * time.Hour, "1d1h1m1s": 25*time.Hour + time.Minute + time.Second, "1h5s": time.Hour + 5*time.Second,
		"0s": 0, "007m": 7 * time.Minute, "36500d": 36500 * 24 * time.Hour, "48h": 48 * time.Hour,
	} {
		if got, err := manage.ParseDuration(text); err != nil || got != want {
			t.Errorf("%s is read as %v, %v; want %v", text, got, err, want)
		}
	}
}

func TestWhatIsNoDurationIsRefused(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "d", "90", "90 d", " 90d", "90d ", "-1d", "+1d", "1.5h", "1h1d", "1d1d", "1w", "1D", "soon", "1d2", "٣d", "１d",
		"36501d", "36500d1s", "99999999999999999999d", "9223372036854775807s", "1é", "1\x00",
	} {
		if got, err := manage.ParseDuration(text); !errors.Is(err, manage.ErrDuration) {
			t.Errorf("%q is read as %v, %v", text, got, err)
		}
	}
}

func FuzzParseDuration(f *testing.F) {
	for _, seed := range []string{"90d", "1d12h30m45s", "", "1h1d", "99999999999999999999d", "-5m", "1d\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := manage.ParseDuration(text)
		if err != nil {
			if !errors.Is(err, manage.ErrDuration) || got != 0 {
				t.Fatalf("%q: %v with %v", text, got, err)
			}
			return
		}
		if got < 0 || got > 36500*24*time.Hour || strings.Trim(text, "0123456789dhms") != "" {
			t.Fatalf("%q is read as %v", text, got)
		}
		seconds := int64(got / time.Second)
		again := fmt.Sprintf("%dd%dh%dm%ds", seconds/86400, seconds/3600%24, seconds/60%60, seconds%60)
		if back, err := manage.ParseDuration(again); err != nil || back != got {
			t.Fatalf("%q is %v, and %q is %v, %v", text, got, again, back, err)
		}
	})
}
