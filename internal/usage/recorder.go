package usage

import (
	"sync"
	"sync/atomic"
	"time"
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

// Bind has a handle count for this recorder. It must be new. There may be
// several of one key: their counts are added up. A handle that was counted into
// may be dropped at any time without losing a count.
func (r *Recorder) Bind(c *Counters) { c.recorder = r }

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
