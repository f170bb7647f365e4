package redis_test

import (
	"testing"
	"time"

	"github.com/keystile/keystile/internal/limit"
	"github.com/keystile/keystile/internal/limit/limittest"
)

// takeAll takes from a node until it is denied.
func (w *world) takeAll(n *member, l *limit.Limit) (granted int) {
	for {
		d, err := limittest.Subject(n, "key_1").Take(w.t.Context(), []*limit.Limit{l}, 1, time.Time{})
		if err != nil {
			w.t.Fatal(err)
		}
		if !d.Granted {
			return granted
		}
		granted++
	}
}

// A node that is held up wakes with its clock: what it leased is gone by when
// Redis lets others have it, however slow that clock is.
func TestASliceThatLayTooLongIsNotSpent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	n := w.nodes[0]
	w.take1(n, w.limits[0])
	if n.Held("key_1") == 0 {
		t.Fatal("nothing is in hand")
	}
	w.pass(2 * time.Second)
	if held := n.Held("key_1"); held != 0 {
		t.Errorf("%d units in hand when their lease is over", held)
	}
}

func (w *world) take1(n *member, l *limit.Limit) {
	w.t.Helper()
	if d, err := limittest.Subject(n, "key_1").Take(w.t.Context(), []*limit.Limit{l}, 1, time.Time{}); err != nil || !d.Granted {
		w.t.Fatal(d, err)
	}
}

func TestWhatANodeLeavesUnusedIsAnothersSoon(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 2)
	l := w.limits[0]
	w.take1(w.nodes[0], l)
	for range 5 {
		w.pass(100 * time.Millisecond)
		w.nodes[0].Tend()
		w.nodes[1].Beat()
	}
	if got := w.takeAll(w.nodes[1], l); got != 100 {
		t.Errorf("%d granted of a full bucket of 100, half a second after another node leased of it", got)
	}
}

// A call that Redis comes to late, behind a later one, must not make it forget
// what was leased since.
func TestACallThatWasOvertakenIsNoNews(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	n := w.nodes[0]
	if _, granted, news := n.CallOf("a", 2, 0, 10); !news || granted != 10 {
		t.Fatal(granted, news)
	}
	if _, _, news := n.CallOf("a", 1, 0, 0); news {
		t.Error("a call from before was taken for news")
	}
	if kept, _, news := n.CallOf("a", 3, 10, 0); !news || kept != 10 {
		t.Errorf("%d kept of 10", kept)
	}
}

// Each call that waits for Redis takes as long as that does, which may be long
// on a busy machine.
func TestANodeThatIsAloneSpendsMostOfASmallBurstFromMemory(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	n := w.prepare(1)
	around := surroundings()
	w.nodes[0].Stop()
	n.Start(t.Context(), around)
	l := &limit.Limit{Name: "20/s", Rate: limit.Rate{N: 20, Per: time.Second, Burst: 20}}
	granted := 0
	for range 3 {
		for range 5 {
			w.pass(400 * time.Millisecond)
			n.Tend() // what lies unused is given back
			n.Beat()
		}
		for range 20 {
			w.pass(2 * time.Millisecond)
			if take(t, limittest.Subject(n, "key_1"), []*limit.Limit{l}, 1).Granted {
				granted++
			}
		}
	}
	if waits := around.Stats.Waits.Load(); granted != 60 || waits > 20 {
		t.Errorf("%d of 60 granted, of which %d waited", granted, waits)
	} else {
		t.Logf("%d of 60 waited", waits)
	}
}
