package redis_test

import (
	"testing"
	"time"

	"github.com/keystile/keystile/internal/limit"
	"github.com/keystile/keystile/internal/limit/limittest"
	"github.com/keystile/keystile/internal/limit/redis"
)

// Redis refills nothing in the place of a unit that it takes for leased. Here,
// no time passes in which it would be told by the way of what was spent.
func TestWhoeverWaitsForAsLongAsARefusalSaysIsGranted(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		rate limit.Rate
		cost limit.Cost
	}{
		"one a second":       {limit.Rate{N: 1, Per: time.Second, Burst: 1}, 1},
		"one a minute":       {limit.Rate{N: 1, Per: time.Minute, Burst: 1}, 1},
		"the burst at once":  {limit.Rate{N: 2, Per: time.Second, Burst: 4}, 4},
		"more than is left":  {limit.Rate{N: 2, Per: time.Second, Burst: 5}, 4},
		"a part of a bucket": {limit.Rate{N: 10, Per: time.Second, Burst: 100}, 60},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, clock := joinVirtual(t)
			limits, s := []*limit.Limit{{Name: name, Rate: c.rate}}, limittest.Subject(l, "key_1")
			for at := time.Hour; at < 4*time.Hour; at += time.Hour { // the bucket is full each time
				clock.set(at)
				var d limit.Decision
				for d = take(t, s, limits, c.cost); d.Granted; {
					d = take(t, s, limits, c.cost)
				}
				clock.set(at + d.RetryAfter/2)
				l.Tend() // what lies unused is given back
				clock.set(at + d.RetryAfter)
				if next := take(t, s, limits, c.cost); !next.Granted {
					t.Errorf("after %v, as told, it is to wait for another %v", d.RetryAfter, next.RetryAfter)
				}
			}
		})
	}
}

func take(t testing.TB, s *limittest.Handle, limits []*limit.Limit, cost limit.Cost) limit.Decision {
	t.Helper()
	d, err := s.Take(t.Context(), limits, cost, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// joinVirtual is a node alone, by a clock that the test sets.
func joinVirtual(t testing.TB) (*redis.Limiter, *virtual) {
	t.Helper()
	name := fleet()
	clock := newVirtual(t, name)
	l := redis.New(redis.Config{
		Server: options(t), Node: "one", Name: name, Clock: clock.now, Patience: 3 * time.Second, Trust: 50 * 365 * 24 * time.Hour,
	})
	redis.ByKey(l, clock.key)
	l.SetNodes(1)
	l.Start(t.Context(), surroundings())
	t.Cleanup(l.Stop)
	if !l.Joined() {
		t.Fatal("not joined")
	}
	return l, clock
}
