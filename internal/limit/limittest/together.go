package limittest

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/limit"
)

// together are the guarantees of several limits, and of many requests.
var together = map[string]func(*testing.T, bench){
	"DeniedRequestSpendsNothing":          deniedSpendsNothing,
	"WithoutLimitsEveryRequestPasses":     withoutLimits,
	"TooManyLimitsAreRefusedAsAnError":    tooManyLimits,
	"ManyClientsAtOnceSpendABucketOnce":   manyClients,
	"DOS05NoSlidingWindowHoldsMore":       slidingWindow,
	"DOS06FollowingRetryAfterIsGranted":   followRetryAfter,
	"TellsWhatRemainsOfEachLimitOnDenial": remainsOnDenial,
}

func deniedSpendsNothing(t *testing.T, b bench) {
	s := Subject(b.limiter, "key_1")
	wide, narrow := newLimit("wide", "1000/h", 0), newLimit("narrow", "1/h", 0)
	b.take(t, s, 0, 1, wide, narrow)
	for range 100 {
		if b.take(t, s, 0, 1, wide, narrow).Granted || b.take(t, s, 0, 1, narrow, wide).Granted {
			t.Fatal("granted beyond the narrow limit")
		}
	}
	if got := b.take(t, s, 0, 0, wide).States[0].Remaining; got != 999 {
		t.Errorf("%d remain of the wide limit after 1 grant and 200 denials, want 999", got)
	}
}

func remainsOnDenial(t *testing.T, b bench) {
	s := Subject(b.limiter, "key_1")
	wide, narrow := newLimit("wide", "1000/h", 0), newLimit("narrow", "1/h", 0)
	b.take(t, s, 0, 1, wide, narrow)
	d := b.take(t, s, 0, 1, wide, narrow)
	if d.States[0].Denied || d.States[0].Remaining != 999 || !d.States[1].Denied || d.Closest != 1 {
		t.Errorf("states after a denial by the second of two limits: %+v", d)
	}
}

func withoutLimits(t *testing.T, b bench) {
	if d := b.take(t, Subject(b.limiter, "key_1"), 0, 1<<40); !d.Granted || d.Headline() != nil {
		t.Errorf("without limits: %+v", d)
	}
}

func tooManyLimits(t *testing.T, b bench) {
	limits := make([]*limit.Limit, limit.MaxLimits+1)
	for i := range limits {
		limits[i] = newLimit("live", "1/s", int64(i+1))
	}
	if d, err := Subject(b.limiter, "key_1").Take(t.Context(), limits, 1, b.start); err == nil || d.Granted {
		t.Errorf("take from %d limits: %+v, %v", len(limits), d, err)
	}
}

func manyClients(t *testing.T, b bench) {
	first, second := newLimit("first", "700/d", 0), newLimit("second", "500/d", 0)
	var granted atomic.Int64
	var clients sync.WaitGroup
	for range 64 {
		clients.Go(func() {
			s := Subject(b.limiter, "key_1")
			for range 50 {
				d, err := s.Take(t.Context(), []*limit.Limit{first, second}, 1, b.start)
				if err != nil {
					t.Error(err)
				}
				if d.Granted {
					granted.Add(1)
				}
			}
		})
	}
	clients.Wait()
	if granted.Load() != 500 {
		t.Errorf("%d of 3200 requests passed a limit of 500", granted.Load())
	}
}

// grant is one that the sliding-window check looks back on.
type grant struct {
	at   time.Duration
	cost int64
}

func slidingWindow(t *testing.T, b bench) {
	random := rand.New(rand.NewPCG(5, 5))
	for _, l := range []*limit.Limit{
		newLimit("a", "10/s", 20), newLimit("b", "3/s", 0), newLimit("c", "7/m", 1), newLimit("d", "1000/s", 50),
	} {
		s := Subject(b.limiter, "key_"+l.Name)
		interval := int64(l.Rate.Per) / l.Rate.N
		var grants []grant
		for at := time.Duration(0); len(grants) < 300; at += time.Duration(random.Int64N(interval)) {
			cost := limit.Cost(1 + random.Int64N(min(3, l.Rate.Burst)))
			if b.take(t, s, at, cost, l).Granted {
				grants = append(grants, grant{at, int64(cost)})
			}
		}
		checkWindows(t, l.Rate, grants)
	}
}

func checkWindows(t *testing.T, r limit.Rate, grants []grant) {
	t.Helper()
	for i := range grants {
		sum := int64(0)
		for j := i; j < len(grants); j++ {
			sum += grants[j].cost
			span := int64(grants[j].at - grants[i].at)
			if (sum-r.Burst)*int64(r.Per) > span*r.N {
				t.Fatalf("%v: %d granted within %v", r, sum, time.Duration(span))
			}
		}
	}
}

func followRetryAfter(t *testing.T, b bench) {
	random := rand.New(rand.NewPCG(6, 6))
	s := Subject(b.limiter, "key_1")
	short, long := newLimit("short", "7/s", 9), newLimit("long", "110/m", 15)
	denials := 0
	for at := time.Duration(0); denials < 500; {
		cost := limit.Cost(1 + random.Int64N(9))
		d := b.take(t, s, at, cost, short, long)
		if d.Granted {
			continue
		}
		denials++
		if b.take(t, s, at+d.RetryAfter-1, cost, short, long).Granted {
			t.Fatalf("at %v: told %v, which is longer than needed", at, d.RetryAfter)
		}
		at += d.RetryAfter
		if !b.take(t, s, at, cost, short, long).Granted {
			t.Fatalf("at %v: denied after waiting for %v as told", at, d.RetryAfter)
		}
	}
}
