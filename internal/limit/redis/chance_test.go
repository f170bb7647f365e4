package redis_test

import (
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/limit"
)

// excess is by how much more was granted than a limit allows in the worst of all
// windows; negative: never as much.
func excess(l *limit.Limit, grants []grant) (worst float64) {
	worst = -float64(l.Rate.Burst)
	perNs := float64(l.Rate.N) / float64(l.Rate.Per)
	// The worst window that ends with a grant: a bucket that leaks tells.
	fill, last := 0.0, time.Duration(0)
	for _, g := range grants {
		fill = max(0, fill-float64(g.at-last)*perNs) + float64(g.cost)
		last = g.at
		worst = max(worst, fill-float64(l.Rate.Burst))
	}
	return worst
}

func (w *world) report() {
	w.t.Helper()
	for _, n := range w.nodes {
		n.cut.Store(false) // it can leave
	}
	for _, l := range w.limits {
		sum := int64(0)
		for _, g := range w.grants[l] {
			sum += g.cost
		}
		worst := excess(l, w.grants[l])
		w.t.Logf("%s: %d granted in %v, %.2f beyond the limit in the worst window", l.Name, sum, w.at-time.Hour, worst)
		if worst > 1e-3 {
			w.t.Errorf("%s: %.2f beyond the limit", l.Name, worst)
		}
	}
}

// Whatever three nodes do whose clocks differ, who lapse, end without a word and
// come back: in no window is more granted than the limit allows.
func TestNoWindowHoldsMoreThanTheLimitWhateverNodesDo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 3)
	for range 6000 {
		w.pass(time.Duration(w.random.Int64N(int64(12 * time.Millisecond))))
		rush := 8
		if w.random.IntN(50) == 0 {
			rush = 300
		}
		for range w.random.IntN(rush) {
			w.take(w.nodes[w.random.IntN(len(w.nodes))])
		}
		switch w.random.IntN(1000) {
		case 0, 4, 5: // everybody is held up
			w.pass(time.Duration(w.random.Int64N(int64(5 * time.Second))))
		case 6, 7: // nobody asks
			for range 30 {
				w.pass(100 * time.Millisecond)
				w.live()
			}
		case 1: // a node ends, and another one takes its place
			i := w.random.IntN(len(w.nodes))
			w.nodes[i].cut.Store(true)
			w.nodes[i].Stop()
			w.nodes[i] = w.join(3)
		case 2:
			w.forget()
		case 3:
			w.nodes = slices.Concat(w.nodes[1:], w.nodes[:1])
		}
		w.live()
	}
	w.report()
}

// Where Redis is cut off from nodes at random, each goes on with its share: with
// what it holds, and what refills on its behalf.
func TestNoWindowHoldsMoreThanTheLimitWhoeverIsCutOff(t *testing.T) {
	t.Parallel()
	for name, lossy := range map[string]bool{"cut at chance times": false, "with answers that are lost": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 3)
			for _, n := range w.nodes {
				var asked atomic.Int64
				n.loses(func([]byte) bool { return lossy && asked.Add(1)%8 == 0 })
			}
			for range 4000 {
				w.pass(time.Duration(w.random.Int64N(int64(12 * time.Millisecond))))
				for range w.random.IntN(12) {
					w.take(w.nodes[w.random.IntN(len(w.nodes))])
				}
				switch w.random.IntN(300) {
				case 0, 1:
					n := w.nodes[w.random.IntN(len(w.nodes))]
					n.cut.Store(!n.cut.Load())
					n.Beat()
				case 2:
					w.pass(time.Duration(w.random.Int64N(int64(5 * time.Second))))
				}
				w.live()
			}
			w.report()
		})
	}
}

// Where all nodes lose Redis at once, having asked it all the time, and find it
// again one after the other.
func TestNoWindowHoldsMoreThanTheLimitInAnOutageOfABusyFleet(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 3)
	away := false
	for i := range 4000 {
		w.pass(time.Duration(w.random.Int64N(int64(4 * time.Millisecond))))
		for _, n := range w.nodes {
			for range 3 {
				w.take(n)
			}
		}
		if i%800 == 400 {
			away = !away
			for _, n := range w.nodes {
				n.cut.Store(away)
				n.Beat()
			}
			if i%1600 == 400 { // it comes back empty
				w.forget()
			}
		}
		w.live()
	}
	w.report()
}

// forget has Redis lose the epoch.
func (w *world) forget() {
	w.t.Helper()
	if _, err := shared.Do("DEL " + w.name + ":{rate}:fleet"); err != nil {
		w.t.Fatal(err)
	}
}
