// Package limittest proves a limiter: one suite, and vectors of exact answers,
// for every implementation of limit.Limiter.
package limittest

import (
	"testing"
	"time"

	"github.com/keystile/keystile/internal/limit"
)

// Open makes an empty limiter whose clock is about start. The suite passes
// every time as an argument, counted from start.
type Open func(t *testing.T, start time.Time) limit.Limiter

// Run runs the whole suite.
func Run(t *testing.T, open Open) {
	for _, group := range []map[string]func(*testing.T, bench){together, apart, clocks, changes} {
		for name, test := range group {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				test(t, setup(t, open))
			})
		}
	}
	for _, v := range Vectors {
		t.Run("vector/"+v.Name, func(t *testing.T) {
			t.Parallel()
			v.check(t, setup(t, open))
		})
	}
}

// bench is a limiter with a clock that stands still between steps.
type bench struct {
	limiter limit.Limiter
	start   time.Time
}

func setup(t *testing.T, open Open) bench {
	start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	return bench{limiter: open(t, start), start: start}
}

// take takes from a subject at a time since the start, and fails the test
// where the limiter can't tell or says something that can't be.
func (b bench) take(t *testing.T, s *Handle, at time.Duration, cost limit.Cost, limits ...*limit.Limit) limit.Decision {
	t.Helper()
	d, err := s.Take(t.Context(), limits, cost, b.start.Add(at))
	if err != nil {
		t.Fatalf("take at %v: %v", at, err)
	}
	checkSane(t, d, limits)
	return d
}

// drain takes costs of 1 until the first denial, and returns how many passed.
func (b bench) drain(t *testing.T, s *Handle, at time.Duration, l *limit.Limit) int64 {
	t.Helper()
	for n := int64(0); ; n++ {
		if !b.take(t, s, at, 1, l).Granted {
			return n
		}
		if n > l.Rate.Burst {
			t.Fatalf("%d granted at one instant from a bucket of %d", n, l.Rate.Burst)
		}
	}
}

// checkSane holds for every decision whatsoever.
func checkSane(t *testing.T, d limit.Decision, limits []*limit.Limit) {
	t.Helper()
	if d.Count != len(limits) || d.Granted == (d.RetryAfter > 0) {
		t.Fatalf("decision contradicts itself: %+v", d)
	}
	for i, l := range limits {
		s := d.States[i]
		window := l.Rate.Window()
		switch {
		case s.Limit != l:
			t.Fatalf("state %d speaks of another limit: %+v", i, s)
		case s.Denied && (d.Granted || s.Remaining != 0):
			t.Fatalf("state %d contradicts the decision: %+v", i, d)
		case s.Denied == (s.RetryAfter == 0):
			t.Fatalf("state %d: denied %v, to be retried after %v", i, s.Denied, s.RetryAfter)
		case s.Remaining < 0 || s.Remaining > l.Rate.Burst:
			t.Fatalf("state %d: %d remaining of %d", i, s.Remaining, l.Rate.Burst)
		case s.Reset < 0 || s.Reset > window || s.RetryAfter < 0 || s.RetryAfter > window:
			t.Fatalf("state %d: reset %v, retry after %v, window %v", i, s.Reset, s.RetryAfter, window)
		}
	}
}

// newLimit makes a limit from the text of a rate.
func newLimit(name, text string, burst int64) *limit.Limit {
	rate, err := limit.ParseRate(text, burst)
	if err != nil {
		panic(err) // a table of this package is wrong
	}
	return &limit.Limit{Name: name, Rate: rate}
}
