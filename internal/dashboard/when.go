package dashboard

import (
	"fmt"
	"time"
)

// moment is a time as a page shows it: in words, with the exact instant for
// whoever points at it and for the script, which puts it into the reader's
// zone.
type moment struct {
	Machine string // RFC 3339
	Exact   string
	Text    string
	Kind    string // how the script writes it: ago, day or exact
}

func momentOf(t time.Time, text, kind string) moment {
	t = t.UTC()
	return moment{t.Format(time.RFC3339), t.Format("2006-01-02 15:04:05") + " UTC", text, kind}
}

// ago is how long a time is from now, either way.
func ago(now, t time.Time) moment { return momentOf(t, distance(now, t), "ago") }

// day is a date.
func day(t time.Time) moment { return momentOf(t, t.UTC().Format("2 Jan 2006"), "day") }

// exact is an instant.
func exact(t time.Time) moment {
	return momentOf(t, t.UTC().Format("2 Jan 2006 15:04:05")+" UTC", "exact")
}

var distances = []struct {
	up   time.Duration
	unit time.Duration
	name string
}{
	{time.Minute, time.Second, "second"},
	{time.Hour, time.Minute, "minute"},
	{24 * time.Hour, time.Hour, "hour"},
	{60 * 24 * time.Hour, 24 * time.Hour, "day"},
	{730 * 24 * time.Hour, 30 * 24 * time.Hour, "month"},
	{1 << 62, 365 * 24 * time.Hour, "year"},
}

// distance is in words how long a time is from now: the script has the same
// ones.
func distance(now, t time.Time) string {
	d, form := now.Sub(t), "%d %s ago"
	if d < 0 {
		d, form = -d, "in %d %s"
	}
	if d < 5*time.Second {
		return "just now"
	}
	for _, by := range distances {
		if d < by.up {
			n := int(d / by.unit)
			if n == 1 {
				return fmt.Sprintf(form, n, by.name)
			}
			return fmt.Sprintf(form, n, by.name+"s")
		}
	}
	return day(t).Text
}
