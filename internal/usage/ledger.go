package usage

import (
	"sync"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

// ledger holds what was counted and is not known to be stored. It is bounded
// by keys × endpoints × projects × outcomes × hours, however many requests
// there are. One batch at a time is on its way to the store; until the store
// has acknowledged it, it stays exactly as it is, and new counts gather beside
// it: that is what lets it be sent again without counting anything twice.
type ledger struct {
	mu          sync.Mutex
	incarnation string
	sequence    int64 // of the latest batch that was settled
	mostCells   int

	pending      map[place]sum
	pendingSince time.Time // of the sweep that brought the oldest of them

	noted  []storage.NotedCall // goes with the next batch
	missed map[keys.ID]int64   // calls before a key's next note that are not noted
	sweeps int                 // by which keys take turns

	denials []storage.Denial // go with the next batch

	frozen      *storage.UsageBatch // nil: none on its way
	frozenSince time.Time
}

// place is what cells are told apart by.
type place struct {
	key keys.ID
	slot
}

func (l *ledger) init(incarnation string) {
	l.incarnation = incarnation
	l.mostCells = maxBatchCells
	l.pending = make(map[place]sum)
	l.missed = make(map[keys.ID]int64)
}

// drain moves what was counted of a key, and at most so many notes, into the
// ledger, whose lock the caller holds.
func (c *Counters) drain(id keys.ID, l *ledger, now time.Time, notes int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := c.tally.Swap(nil)
	l.keep(id, &t.latest, notes)
	for i := range t.cells {
		l.add(place{id, t.cells[i].slot}, t.cells[i].sum, now)
	}
	t.reset()
	c.recorder.tallies.Put(t)
}

func (l *ledger) add(at place, s sum, now time.Time) {
	if len(l.pending) == 0 {
		l.pendingSince = now
	}
	total := l.pending[at]
	total.add(s)
	l.pending[at] = total
}

// next returns the batch to send: the one in doubt, or else a new one of what
// is pending; nil where there is nothing. Its cells must not be changed.
func (l *ledger) next() *storage.UsageBatch {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.frozen == nil && len(l.pending)+len(l.denials) > 0 {
		l.frozen = &storage.UsageBatch{
			Incarnation: l.incarnation,
			Sequence:    l.sequence + 1,
			Cells:       l.takeCells(),
			Calls:       l.noted,
			Denials:     l.denials,
		}
		l.noted, l.denials = nil, nil
		l.frozenSince = l.pendingSince
	}
	return l.frozen
}

// settle says that the batch on its way needs no more care.
func (l *ledger) settle() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sequence = l.frozen.Sequence
	l.frozen = nil
}

// restart begins a new incarnation with the batch on its way as its first.
func (l *ledger) restart() {
	l.mu.Lock()
	defer l.mu.Unlock()
	fresh := reborn(*l.frozen)
	l.frozen, l.incarnation, l.sequence = &fresh, fresh.Incarnation, 0
}

// waiting returns how many cells are not known to be stored, and since when
// the oldest of them; the zero time where there are none.
func (l *ledger) waiting() (cells int, since time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if cells = len(l.pending); cells > 0 {
		since = l.pendingSince
	}
	if l.frozen != nil {
		cells += len(l.frozen.Cells)
		since = l.frozenSince
	}
	return cells, since
}

// calls is how many allowed calls are not known to be stored.
func (l *ledger) calls() (calls int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for at, s := range l.pending {
		if !at.denied {
			calls += s.count
		}
	}
	if l.frozen != nil {
		calls += allowedCalls(l.frozen.Cells)
	}
	return calls
}
