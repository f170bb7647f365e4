package keycache

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dgraph-io/ristretto/v2"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

// ErrUnavailable says that neither memory nor the store could tell.
var ErrUnavailable = errors.New("key store unavailable")

// Loaded is what a read of the store found out about a secret.
type Loaded[V any] struct {
	Value    V
	Found    bool
	Revision storage.Revision
	// Digests are those that the answer depends on: the key's own, or every
	// candidate of a secret that nobody has.
	Digests []keys.Digest
}

// Loader reads the store for a presented secret. It bounds its own time.
type Loader[V any] func(secret string) (Loaded[V], error)

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
	known    *ristretto.Cache[uint64, *entry[V]]
	absent   *ristretto.Cache[uint64, *entry[V]]
	current  atomic.Pointer[fence] // of this generation of the log
	trust    trust
	flights  flights[V]
	reads    turns

	closing sync.RWMutex // held while something is remembered
	closed  bool
}

type entry[V any] struct {
	fingerprint keys.Fingerprint
	fence       *fence // of the generation that it was read in
	sent        uint64 // the fence's moves before the read was sent
	slots       []slot
	read        storage.Revision
	value       V
	found       bool
	until       time.Time // of absent ones
}

// New makes a cache. Close it.
func New[V any](cfg Config, load Loader[V]) (*Cache[V], error) {
	known, err := newMemory[V](cfg.Entries)
	if err != nil {
		return nil, err
	}
	absent, err := newMemory[V](absentEntries)
	if err != nil {
		return nil, err
	}
	c := &Cache[V]{load: load, patience: cfg.Patience, known: known, absent: absent, reads: newTurns(cfg.Patience)}
	c.trust.base = cfg.Base
	c.current.Store(&fence{})
	return c, nil
}

func newMemory[V any](entries int64) (*ristretto.Cache[uint64, *entry[V]], error) {
	const countersPerEntry, buffer = 10, 64 // as ristretto's documentation advises
	memory, err := ristretto.NewCache(&ristretto.Config[uint64, *entry[V]]{
		NumCounters: countersPerEntry * entries, MaxCost: entries, BufferItems: buffer, IgnoreInternalCost: true,
	})
	if err != nil {
		return nil, fmt.Errorf("make a cache of %d entries: %w", entries, err)
	}
	return memory, nil
}

// Recall answers what a secret is from memory. now is the time of this very
// request. known is false where only the store can tell; found is false for a
// secret that nobody has.
func (c *Cache[V]) Recall(fp keys.Fingerprint, now time.Time) (value V, found, known bool) {
	if !c.trust.holds(now) {
		return value, false, false
	}
	e := c.remembered(fp, now)
	if e == nil {
		return value, false, false
	}
	return e.value, e.found, true
}

// RecallStale is Recall where memory may no longer be trusted, for a store
// that doesn't answer.
func (c *Cache[V]) RecallStale(fp keys.Fingerprint) (value V, found bool) {
	e, ok := c.known.Get(indexOf(fp))
	if !ok || e.fingerprint != fp || !c.good(e) {
		return value, false
	}
	return e.value, true
}

// Met reports whether memory holds a secret as a key's, however old that
// knowledge is.
func (c *Cache[V]) Met(fp keys.Fingerprint) bool {
	e, ok := c.known.Get(indexOf(fp))
	return ok && e.fingerprint == fp
}

// Fetch answers what a secret is from the store. Every error is an
// ErrUnavailable, or the context's end.
func (c *Cache[V]) Fetch(ctx context.Context, fp keys.Fingerprint, secret string, now time.Time) (value V, found bool, err error) {
	return c.fill(ctx, fp, secret, now, c.trust.holds(now))
}

// Get is Recall, and Fetch where that doesn't know.
func (c *Cache[V]) Get(ctx context.Context, fp keys.Fingerprint, secret string, now time.Time) (value V, found bool, err error) {
	if value, found, known := c.Recall(fp, now); known {
		return value, found, nil
	}
	return c.Fetch(ctx, fp, secret, now)
}

func (c *Cache[V]) remembered(fp keys.Fingerprint, now time.Time) *entry[V] {
	at := indexOf(fp)
	if e, ok := c.known.Get(at); ok && e.fingerprint == fp && c.good(e) {
		return e
	}
	if e, ok := c.absent.Get(at); ok && e.fingerprint == fp && now.Before(e.until) && c.good(e) {
		return e
	}
	return nil
}

// Knows reports whether memory holds a secret and may be believed about it.
func (c *Cache[V]) Knows(fp keys.Fingerprint, now time.Time) bool {
	return c.trust.holds(now) && c.remembered(fp, now) != nil
}

// good reports whether nothing has changed an entry since it was read, as far
// as this node knows.
func (c *Cache[V]) good(e *entry[V]) bool {
	return e.fence == c.current.Load() && e.fence.passes(e.slots, e.read) &&
		(e.found || e.fence.absent.Load() <= int64(e.read))
}

func (c *Cache[V]) fill(ctx context.Context, fp keys.Fingerprint, secret string, now time.Time, trusted bool) (value V, found bool, err error) {
	if c.patience > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.patience)
		defer cancel()
	}
	for try := range maxTries {
		fresh := !trusted || try > 0
		e, err := c.flights.join(ctx, fp, fresh, func() (*entry[V], error) { return c.read(fp, secret, now) })
		if err != nil {
			return value, false, fmt.Errorf("%w: %w", ErrUnavailable, err)
		}
		// Compared when used: a change may have come while the read was under
		// way, or between its end and now. A further read was sent after that
		// change was known, and where none came since, it is true even though
		// the fence was raised for a commit that then failed.
		if c.good(e) || try > 0 && c.unmoved(e) {
			return e.value, e.found, nil
		}
	}
	return value, false, fmt.Errorf("%w: the key changed each time that it was read", ErrUnavailable)
}

// unmoved reports whether no fence has been raised since an entry's read was
// sent.
func (c *Cache[V]) unmoved(e *entry[V]) bool {
	return e.fence == c.current.Load() && e.fence.moves.Load() == e.sent
}

func (c *Cache[V]) read(fp keys.Fingerprint, secret string, now time.Time) (*entry[V], error) {
	if err := c.reads.take(); err != nil {
		return nil, err
	}
	defer c.reads.giveBack()
	generation := c.current.Load() // before the read, so that a reset during it shows
	sent := generation.moves.Load()
	got, err := c.load(secret)
	if err != nil {
		return nil, err
	}
	e := &entry[V]{
		fingerprint: fp, fence: generation, sent: sent, read: got.Revision,
		value: got.Value, found: got.Found, until: now.Add(absentFor),
	}
	for _, d := range got.Digests {
		e.slots = append(e.slots, slotOf(d))
	}
	c.remember(e)
	return e, nil
}

func (c *Cache[V]) remember(e *entry[V]) {
	c.closing.RLock()
	defer c.closing.RUnlock()
	if c.closed { // the request that began the read didn't wait for it
		return
	}
	memory := c.absent
	if e.found {
		memory = c.known
		c.absent.Del(indexOf(e.fingerprint))
	}
	memory.Set(indexOf(e.fingerprint), e, 1)
	memory.Wait() // ristretto sets asynchronously: the next request would read the store again
}

// Fence makes what was read before the changes' revisions a miss. It is called
// before a change of this node is committed, and for each row of the log
// before its revision counts as applied. A new scheme may make any secret
// known that nobody had.
func (c *Cache[V]) Fence(changes []storage.Change) {
	for {
		f := c.current.Load()
		f.raise(changes)
		if c.current.Load() == f {
			return
		}
		// Reset meanwhile: what is read from now on may be from before the changes.
	}
}

// Confirm says that everything in memory was true when the store confirmed
// it, and may be believed until `until`.
func (c *Cache[V]) Confirm(until time.Time) { c.trust.confirm(until) }

// Trusted reports whether memory may be believed at a time.
func (c *Cache[V]) Trusted(now time.Time) bool { return c.trust.holds(now) }

// Reset forgets everything: the log that was followed is gone. Whoever follows
// another one calls it after having asked for that one's head: what is read
// from here on is at least as new.
func (c *Cache[V]) Reset() {
	c.trust.revoke()
	c.current.Store(&fence{})
}

// Resize changes how many known keys are kept.
func (c *Cache[V]) Resize(entries int64) { c.known.UpdateMaxCost(entries) }

// Close frees the memory. It is called when nobody asks any more; reads that
// are still under way end without being remembered.
func (c *Cache[V]) Close() {
	c.trust.revoke()
	c.closing.Lock()
	defer c.closing.Unlock()
	c.closed = true
	c.known.Close()
	c.absent.Close()
}

func indexOf(fp keys.Fingerprint) uint64 { return binary.LittleEndian.Uint64(fp[:]) }
