package keycache

import (
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

// ErrUnavailable says that neither memory nor the store could tell.
var ErrUnavailable = errors.New("key store unavailable")

// Loaded is what a read of the store found out about a secret.
type Loaded struct {
	Found    bool
	Revision storage.Revision
	// Digests are those that the answer depends on: the key's own, or every
	// candidate of a secret that nobody has.
	Digests []keys.Digest
}

// Loader reads the store for a presented secret, and fills in the value of one
// that it found. It bounds its own time.
type Loader[V any] func(secret string, into *V) (Loaded, error)

// Config is how large the memory is and how long it is believed.
type Config struct {
	// Entries bounds the known keys that are kept; unknown ones have a bound
	// of their own, so that a flood of guesses evicts nobody.
	Entries int64
	// Base is a time with a monotonic reading, from which trust is counted.
	Base time.Time
	// Patience bounds how long one request waits for the store, and how long
	// a read waits for its turn; 0: as long as the request's context lasts.
	Patience time.Duration
}

const (
	absentEntries = 1 << 14
	absentFor     = time.Minute
	// maxTries bounds how often one request reads because what it read changed
	// meanwhile.
	maxTries = 4
)

// Cache answers what a presented secret is.
type Cache[V any] struct {
	load     Loader[V]
	patience time.Duration
	known    *table[V]
	absent   *table[V]
	current  atomic.Pointer[generation]
	numbers  atomic.Uint32 // of generations
	trust    trust
	flights  flights[V]
	reads    turns
}

// entry is what a read found out about a secret. There is one for each key in
// memory: the value follows in the same cache line, and is reached without
// another pointer.
type entry[V any] struct {
	fingerprint keys.Fingerprint
	read        storage.Revision
	absence     *absence // nil: it is a key's
	generation  uint32   // that it was read in, by its number
	mark        mark
	value       V
}

// absence is what an entry has of a secret that nobody has.
type absence struct {
	slots []slot // of the digests that it could have had
	until time.Time
}

func (e *entry[V]) found() bool { return e.absence == nil }

// New makes a cache.
func New[V any](cfg Config, load Loader[V]) (*Cache[V], error) {
	if cfg.Entries < 1 {
		return nil, fmt.Errorf("make a cache of %d entries: there must be one at least", cfg.Entries)
	}
	c := &Cache[V]{load: load, patience: cfg.Patience, reads: newTurns(cfg.Patience)}
	c.trust.base = cfg.Base
	c.begin(&fence{})
	useless := func(e *entry[V]) bool { return !c.good(e) }
	c.known, c.absent = newTable(cfg.Entries, useless), newTable(absentEntries, useless)
	return c, nil
}

// begin begins a generation: whatever is in memory is of another one.
func (c *Cache[V]) begin(with *fence) { c.current.Store(c.next(with)) }

func (c *Cache[V]) next(with *fence) *generation {
	return &generation{fence: with, number: c.numbers.Add(1)}
}

// Fence makes what was read before the changes' revisions a miss. It is called
// before a change of this node is committed, and for each row of the log
// before its revision counts as applied. A new scheme may make any secret
// known that nobody had.
func (c *Cache[V]) Fence(changes []storage.Change) {
	for {
		f := c.current.Load().fence
		f.raise(changes)
		if c.current.Load().fence == f {
			return
		}
		// Reset meanwhile: what is read from now on may be from before the changes.
	}
}

// Lower takes back what was fenced above a revision: nothing was committed
// there. It must not run beside Fence.
func (c *Cache[V]) Lower(to storage.Revision) { c.current.Load().lower(to) }

// Confirm says that everything in memory was true when the store confirmed
// it, and may be believed until `until`.
func (c *Cache[V]) Confirm(until time.Time) { c.trust.confirm(until) }

// Shorten ends the belief at `until` at the latest.
func (c *Cache[V]) Shorten(until time.Time) { c.trust.shorten(until) }

// Distrust ends the belief until the next Confirm.
func (c *Cache[V]) Distrust() { c.trust.revoke() }

// Trusted reports whether memory may be believed at a time.
func (c *Cache[V]) Trusted(now time.Time) bool { return c.trust.holds(now) }

// Reset forgets everything: the log that was followed is gone. Whoever follows
// another one calls it after having asked for that one's head: what is read
// from here on is at least as new.
func (c *Cache[V]) Reset() {
	c.trust.revoke()
	c.begin(&fence{})
}

// Renew forgets everything: the loader answers differently from now on. The
// log that is followed stays the same, and with it what is fenced.
func (c *Cache[V]) Renew() {
	for {
		old := c.current.Load()
		if c.current.CompareAndSwap(old, c.next(old.fence)) {
			return
		}
	}
}

// Resize changes how many known keys are kept.
func (c *Cache[V]) Resize(entries int64) { c.known.resize(entries) }

// Close ends the belief in memory.
func (c *Cache[V]) Close() { c.trust.revoke() }
