package manage

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

const (
	day = 24 * time.Hour
	// longest is a hundred years: farther times don't fit every store and
	// every client.
	longest = 36500 * day
)

// ErrDuration says that a text is not a duration as ParseDuration reads it.
var ErrDuration = errors.New("not a duration such as 90d, 12h, 30m or 45s")

var durationUnits = []struct {
	letter byte
	length time.Duration
}{{'d', day}, {'h', time.Hour}, {'m', time.Minute}, {'s', time.Second}}

// ParseDuration reads 90d, 12h, 30m or 45s, and sums such as 1d12h, the larger
// unit first. A day has 24 hours. There is no sign, no fraction and no space,
// and nothing is longer than 36500d. Any other text is ErrDuration.
func ParseDuration(text string) (time.Duration, error) {
	if text == "" {
		return 0, ErrDuration
	}
	var sum time.Duration
	units := durationUnits
	for text != "" {
		digits := strings.IndexFunc(text, func(r rune) bool { return r < '0' || r > '9' })
		if digits < 1 {
			return 0, ErrDuration
		}
		unit := 0
		for unit < len(units) && units[unit].letter != text[digits] {
			unit++
		}
		if unit == len(units) {
			return 0, ErrDuration
		}
		part, ok := times(text[:digits], units[unit].length)
		if !ok || sum+part > longest {
			return 0, ErrDuration
		}
		sum += part
		text, units = text[digits+1:], units[unit+1:]
	}
	return sum, nil
}

// DurationText is a duration of whole seconds as ParseDuration reads it.
func DurationText(d time.Duration) string {
	var text strings.Builder
	for _, unit := range durationUnits {
		if n := d / unit.length; n > 0 {
			fmt.Fprintf(&text, "%d%c", n, unit.letter)
			d -= n * unit.length
		}
	}
	if text.Len() == 0 {
		return "0s"
	}
	return text.String()
}

// times multiplies digits by a unit, as long as that is no longer than
// longest.
func times(digits string, unit time.Duration) (time.Duration, bool) {
	var n time.Duration
	for i := range len(digits) {
		n = n*10 + time.Duration(digits[i]-'0')
		if n > longest/unit {
			return 0, false
		}
	}
	return n * unit, true
}

// parseInstant reads a time of RFC 3339, or a date, which is its first
// instant in UTC.
func parseInstant(text string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC().Truncate(time.Microsecond), true
		}
	}
	return time.Time{}, false
}

// parsePast reads what parseInstant reads, or a duration, which is so long
// before now. Empty text is the zero time: no bound.
func parsePast(param, text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if t, ok := parseInstant(text); ok {
		return t, nil
	}
	if d, err := ParseDuration(text); err == nil {
		return now.Add(-d), nil
	}
	return time.Time{}, invalid(param, "must be a time as RFC 3339 writes it, a date such as 2026-11-30, or how long ago, such as 7d")
}
