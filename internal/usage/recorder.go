package usage

import (
	"hash/maphash"
	"sync"
	"sync/atomic"
	"time"

	"github.com/keystile/keystile/internal/keys"
)

// Recorder gathers what all keys were used for. Requests count through handles
// of their key; a Flusher sweeps up what was counted.
type Recorder struct {
	ledger ledger

	mu    sync.Mutex
	dirty []counted // since the sweep

	tallies sync.Pool    // of *tally
	shared  atomic.Int64 // notes beyond a key's first few, since the sweep
	few     atomic.Int64 // notes that each key has room for until the next sweep
	denials Denials
}

// NewRecorder makes a recorder. incarnation names this start of the process to
// the store: a UUID that no other recorder has or ever had.
func NewRecorder(incarnation string) *Recorder {
	r := &Recorder{tallies: sync.Pool{New: func() any { return newTally() }}}
	r.few.Store(fewNotes)
	r.denials.seed = maphash.MakeSeed()
	r.ledger.init(incarnation)
	return r
}

// Bind has a handle count for this recorder. It must be new. There may be
// several of one key: their counts are added up. A handle that was counted into
// may be dropped at any time without losing a count.
func (r *Recorder) Bind(c *Counters) { c.recorder = r }

// Unnoted counts events of one ID that aren't noted one by one.
type Unnoted struct {
	counters Counters
	id       keys.ID
}

// Unnoted makes such a handle.
func (r *Recorder) Unnoted(id keys.ID) *Unnoted {
	u := &Unnoted{id: id}
	r.Bind(&u.counters)
	return u
}

// Count adds one event.
func (u *Unnoted) Count(e Event) { u.counters.count(u.id, &e, false) }

// counted is a handle that was counted into, and whose it is.
type counted struct {
	id       keys.ID
	counters *Counters
}

// list puts a handle on the list of the next sweep.
func (r *Recorder) list(id keys.ID, c *Counters) {
	r.mu.Lock()
	r.dirty = append(r.dirty, counted{id, c})
	if most := share(len(r.dirty)); most < r.few.Load() {
		r.few.Store(most) // no more are kept of each, whatever comes until the sweep
	}
	r.mu.Unlock()
}

// sweep moves all counts into the ledger.
func (r *Recorder) sweep(now time.Time) {
	r.mu.Lock()
	swept := r.dirty
	r.shared.Store(0)
	r.dirty = make([]counted, 0, len(swept))
	r.few.Store(min(fewNotes, share(len(swept))))
	r.mu.Unlock()

	r.ledger.mu.Lock()
	defer r.ledger.mu.Unlock()
	each, turns := share(len(swept)), turnsOf(len(swept))
	for i, one := range swept {
		notes := int64(0)
		if (i+r.ledger.sweeps)%turns == 0 {
			notes = each
		}
		one.counters.drain(one.id, &r.ledger, now, notes)
	}
	if len(swept) > 0 {
		r.ledger.sweeps++
	}
	r.denials.sweep(&r.ledger)
}
