package redis_test

import (
	"testing"
	"time"

	"github.com/keystile/keystile/internal/limit"
	"github.com/keystile/keystile/internal/limit/limittest"
)

// fast is how much too fast the fastest of clocks runs.
const fast = 1.01

func hourly() *limit.Limit {
	return &limit.Limit{Name: "hourly", Rate: limit.Rate{N: 1000, Per: time.Hour, Burst: 1000}}
}

func TestSharesOfNodesWhoseClocksRunFastAddUpToTheLimit(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 3, fast)
	w.lose(w.nodes...)
	w.pass(5 * time.Second) // each share is full
	for range 600 {
		w.pass(100 * time.Millisecond)
		w.rush()
	}
	w.report()
	if granted := len(w.grants[w.limits[0]]); granted < 5500 {
		t.Errorf("%d granted in a minute of 100 a second: shares are far too small", granted)
	}
}

func TestANodeThatIsAloneExpectsNoMoreInRedisThanHasRefilled(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1, fast)
	n := w.nodes[0]
	l := hourly()
	w.takeAll(n, l)
	w.pass(2 * time.Second)
	n.Tend()
	was := w.takeAll(n, l)
	for range 300 {
		w.pass(3 * time.Second)
		n.Beat()
		n.Sweep(time.Time{})
	}
	w.lose(n)
	if got := was + w.takeAll(n, l); got < 240 || got > 250 {
		t.Errorf("%d granted of the 250 that refill in a quarter of an hour", got)
	}
}

func TestANodeThatIsAloneTakesABucketForFullOnlyOnceItHasRefilled(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 2, fast)
	stays, leaves := w.nodes[0], w.nodes[1]
	l := hourly()
	w.takeAll(leaves, l)
	leaves.Stop()
	stays.SetNodes(1)
	for range 1194 {
		w.pass(3 * time.Second)
		stays.Beat()
	}
	w.lose(stays)
	if got := w.takeAll(stays, l); got > 995 {
		t.Errorf("%d granted of the 995 that refill in an hour less 18 seconds", got)
	}
}

func TestWithoutRedisARefusalNamesATimeAtWhichThereIsEnough(t *testing.T) {
	t.Parallel()
	for name, after := range map[string]time.Duration{"while Redis still counts on the node": 0, "later": trustOver} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 3, 1)
			n := w.nodes[0]
			l := &limit.Limit{Name: "daily", Rate: limit.Rate{N: 24, Per: 24 * time.Hour, Burst: 24}}
			w.lose(n)
			w.takeAll(n, l)
			w.pass(after)
			d, err := limittest.Subject(n, "key_1").Take(t.Context(), []*limit.Limit{l}, 1, time.Time{})
			if err != nil || d.Granted || d.States[0].RetryAfter != d.RetryAfter {
				t.Fatal(d, err)
			}
			if most := 3*time.Hour + 2*time.Minute; d.RetryAfter > most {
				t.Errorf("asks to wait for %v: a third of one an hour refills in 3 h", d.RetryAfter)
			}
			w.pass(d.RetryAfter - time.Second)
			if got := w.takeAll(n, l); got != 0 {
				t.Errorf("%d granted a second before", got)
			}
			w.pass(time.Second)
			if got := w.takeAll(n, l); got != 1 {
				t.Errorf("%d granted at the time that the refusal names, want 1", got)
			}
		})
	}
}
