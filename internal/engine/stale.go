package engine

import (
	"sync/atomic"
	"time"

	"github.com/keystile/keystile/internal/keys"
)

// confirmation is the last time that the store confirmed what is in memory,
// on both clocks: passing a bound on either ends what it allows.
type confirmation struct {
	last    atomic.Pointer[confirmed] // nil: there is none that counts
	failing atomic.Bool               // the last poll got no answer, and no read would
}

// confirmed is one confirmation.
type confirmed struct {
	at time.Time // with a monotonic reading
	// stale is how old it may become while the store doesn't answer. It was
	// settled before the store was asked: by what the store had been told.
	stale time.Duration
}

// age is how long ago that was.
func (c *confirmed) age(now time.Time) time.Duration {
	return max(now.Sub(c.at), now.Round(0).Sub(c.at.Round(0)), 0)
}

// usable returns the age of what is in memory, as long as it may be used while
// the store doesn't answer.
func (c *confirmation) usable(now time.Time) (age time.Duration, ok bool) {
	last := c.last.Load()
	if last == nil {
		return 0, false
	}
	age = last.age(now)
	return age, age <= last.stale
}

// RecallStale answers what a key is while the store doesn't answer, if the
// configuration allows knowledge of that age. Only keys are remembered so:
// that nobody has a secret may have changed.
func (e *Engine) RecallStale(fp keys.Fingerprint, now time.Time) (entry *Entry, age time.Duration, known bool) {
	age, usable := e.confirmed.usable(now)
	if !usable {
		return nil, 0, false
	}
	entry, known = e.cache.RecallStale(fp)
	return entry, age, known
}

// blind reports whether nothing in memory may be believed any more.
func (e *Engine) blind(now time.Time) bool {
	if e.cache.Trusted(now) {
		return false
	}
	_, usable := e.confirmed.usable(now)
	return !usable
}
