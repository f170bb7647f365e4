package usage

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

// Recorder gathers what all keys were used for. Requests count through handles
// of their key; a Flusher sweeps up what was counted.
type Recorder struct {
	ledger ledger

	mu    sync.Mutex
	dirty []*Counters // counted into since the sweep

	tallies sync.Pool    // of *tally
	shared  atomic.Int64 // notes beyond a key's first few, since the sweep
}

// NewRecorder makes a recorder. incarnation names this start of the process to
// the store: a UUID that no other recorder has or ever had.
func NewRecorder(incarnation string) *Recorder {
	r := &Recorder{tallies: sync.Pool{New: func() any { return new(tally) }}}
	r.ledger.init(incarnation)
	return r
}

// Counters makes a handle on one key's counters. It costs next to nothing, and
// there may be several for one key: their counts are added up. A handle that
// was counted into may be dropped at any time without losing a count.
func (r *Recorder) Counters(id keys.ID) *Counters {
	c := new(Counters)
	r.Bind(c, id)
	return c
}

// Strangers makes the handle for requests without a key that is known.
func (r *Recorder) Strangers() *Counters {
	c := r.Counters(storage.StrangerID)
	c.quiet = true
	return c
}

// Bind is Counters for a handle that has its place already, as a part of
// something else. It must be new.
func (r *Recorder) Bind(c *Counters, id keys.ID) { c.recorder, c.id = r, id }

// list puts a handle on the list of the next sweep.
func (r *Recorder) list(c *Counters) {
	r.mu.Lock()
	r.dirty = append(r.dirty, c)
	r.mu.Unlock()
}

// sweep moves all counts into the ledger.
func (r *Recorder) sweep(now time.Time) {
	r.mu.Lock()
	swept := r.dirty
	r.shared.Store(0)
	r.dirty = make([]*Counters, 0, len(swept))
	r.mu.Unlock()

	r.ledger.mu.Lock()
	defer r.ledger.mu.Unlock()
	for _, c := range swept {
		c.drain(&r.ledger, now, share(len(swept)))
	}
}
