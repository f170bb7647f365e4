package limittest

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/limit"
)

// clocks are the guarantees about clocks that jump.
var clocks = map[string]func(*testing.T, bench){
	"TIME01ClockSetForwardHandsOutOneBucketMore": setForward,
	"TIME01ClockThereAndBackHandsOutOneMore":     thereAndBack,
	"TIME02ClockSetBackBlocksForAWindowAtMost":   setBack,
	"OvertakingRequestsDontRefillABucket":        overtaking,
	"TimesOutOfAnyCalendarAreSurvived":           outOfCalendar,
}

func setForward(t *testing.T, b bench) {
	s, l := Subject(b.limiter, "key_1"), newLimit("live", "10/s", 20)
	b.drain(t, s, 0, l)
	if got := b.drain(t, s, time.Hour, l); got != 20 {
		t.Errorf("%d granted an hour later, want one bucket of 20", got)
	}
}

func thereAndBack(t *testing.T, b bench) {
	s, l := Subject(b.limiter, "key_1"), newLimit("live", "10/s", 20)
	b.drain(t, s, 0, l)
	granted := b.drain(t, s, time.Hour, l)
	granted += b.drain(t, s, time.Millisecond, l)
	if granted > 20 {
		t.Errorf("%d granted by a clock that was an hour ahead for a while, want 20 at most", granted)
	}
}

func setBack(t *testing.T, b bench) {
	for _, l := range []*limit.Limit{newLimit("a", "10/s", 20), newLimit("b", "1/s", 0), newLimit("c", "3/m", 1)} {
		s := Subject(b.limiter, "key_"+l.Name)
		b.drain(t, s, 0, l)
		d := b.take(t, s, -time.Hour, 1, l)
		if d.Granted || d.RetryAfter > l.Rate.Window() {
			t.Errorf("%v: an hour earlier: %+v", l.Rate, d)
		}
		again := -time.Hour + d.RetryAfter
		if !b.take(t, s, again, 1, l).Granted {
			t.Errorf("%v: denied after waiting for %v as told", l.Rate, d.RetryAfter)
		}
		if got := b.drain(t, s, again+l.Rate.Window(), l); got != l.Rate.Burst {
			t.Errorf("%v: %d granted one window later, want %d", l.Rate, got, l.Rate.Burst)
		}
	}
}

// overtaking has requests arrive up to two seconds late, in any order.
func overtaking(t *testing.T, b bench) {
	random := rand.New(rand.NewPCG(7, 7))
	s, l := Subject(b.limiter, "key_1"), newLimit("live", "1000/s", 0)
	granted, end := int64(0), 10*time.Second
	for at := 2 * time.Second; at < end; at += 100 * time.Microsecond {
		late := time.Duration(random.Int64N(int64(2 * time.Second)))
		if b.take(t, s, at-late, 1, l).Granted {
			granted++
		}
	}
	if most := int64(end/time.Second)*1000 + 1000; granted > most {
		t.Errorf("%d granted in %v, want %d at most", granted, end, most)
	}
}

func outOfCalendar(t *testing.T, b bench) {
	s, l := Subject(b.limiter, "key_1"), newLimit("live", "10/s", 20)
	for _, now := range []time.Time{
		{}, time.Unix(0, 0), b.start, time.Unix(1<<62, 0), time.Unix(-1<<62, 0), b.start,
		b.start.AddDate(500, 0, 0), b.start.AddDate(-500, 0, 0), b.start,
	} {
		for range 25 {
			d, err := s.Take(t.Context(), []*limit.Limit{l}, 1, now)
			if err != nil {
				t.Fatal(err)
			}
			checkSane(t, d, []*limit.Limit{l})
		}
	}
	if got := b.drain(t, s, time.Minute, l); got != 20 {
		t.Errorf("%d granted a minute later, want 20", got)
	}
}
