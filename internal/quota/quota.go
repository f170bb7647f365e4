// Package quota holds keys and workspaces to so many calls in a calendar
// period. Quotas count cost, in periods of UTC; what was used is summed up from
// stored usage when a counter is first needed, and counted on in memory.
package quota

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Period is a span of the calendar, in UTC.
type Period int

// The periods.
const (
	Hour Period = iota
	Day
	Month
	periods // how many there are
)

var periodNames = [periods]string{Hour: "hour", Day: "day", Month: "month"}

// String is the period's name in a configuration.
func (p Period) String() string { return periodNames[p] }

// Start is when the period that holds t began.
func (p Period) Start(t time.Time) time.Time {
	t = t.UTC()
	switch p {
	case Hour:
		return t.Truncate(time.Hour)
	case Day:
		return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
	default:
		return time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, time.UTC)
	}
}

// End is when the next period begins.
func (p Period) End(t time.Time) time.Time {
	start := p.Start(t)
	switch p {
	case Hour:
		return start.Add(time.Hour)
	case Day:
		return start.AddDate(0, 0, 1)
	default:
		return start.AddDate(0, 1, 0)
	}
}

// Quota is so much cost in a period.
type Quota struct {
	Max    int64 // at least 1
	Period Period
}

// Name is what callers and operators are told that it is called.
func (q Quota) Name() string { return "quota " + q.Period.String() }

// Parse reads N/hour, N/day or N/month.
func Parse(text string) (Quota, error) {
	count, unit, found := strings.Cut(text, "/")
	if !found {
		return Quota{}, fmt.Errorf("quota %q is not of the form N/period, such as 10000/month", text)
	}
	n, err := strconv.ParseInt(count, 10, 64)
	if err != nil || n < 1 || strings.HasPrefix(count, "+") {
		return Quota{}, fmt.Errorf("quota %q: %q is not a whole number of at least 1", text, count)
	}
	for p, name := range periodNames {
		if name == unit {
			return Quota{Max: n, Period: Period(p)}, nil
		}
	}
	return Quota{}, fmt.Errorf("quota %q: unknown period %q; known: hour, day, month", text, unit)
}
