package cli

import (
	"fmt"
	"time"
)

const day = 24 * time.Hour

// units of a span that people say, the largest first, each with the shortest
// span that is told in it.
var units = []struct {
	from, length time.Duration
	name         string
}{
	{730 * day, 365 * day, "year"},
	{2 * day, day, "day"},
	{time.Hour, time.Hour, "hour"},
	{time.Minute, time.Minute, "minute"},
	{time.Second, time.Second, "second"},
}

// ago says how far a time is from now: "2 minutes ago", "in 90 days".
func ago(t, now time.Time) string {
	if span := t.Sub(now); span > 0 {
		return "in " + about(span)
	}
	return about(now.Sub(t)) + " ago"
}

// about rounds a span to one unit.
func about(span time.Duration) string {
	span = span.Round(time.Second)
	for _, unit := range units {
		if span < unit.from {
			continue
		}
		n := int64(span.Round(unit.length) / unit.length)
		if n == 1 {
			return "1 " + unit.name
		}
		return fmt.Sprintf("%d %ss", n, unit.name)
	}
	return "a moment"
}

// sinceOr is ago, or what to say where there is no time.
func sinceOr(t *time.Time, now time.Time, none string) string {
	if t == nil {
		return none
	}
	return ago(*t, now)
}

func (p *page) since(t *time.Time, none string) string { return sinceOr(t, p.now, none) }

// instant is a time by the minute.
func instant(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }

// at is the time and how far it is.
func (p *page) at(t *time.Time, none string) string {
	if t == nil {
		return none
	}
	return instant(*t) + " (" + ago(*t, p.now) + ")"
}
