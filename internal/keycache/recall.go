package keycache

import (
	"slices"
	"time"

	"github.com/keystile/keystile/internal/keys"
)

// Recall answers what a secret is from memory. now is the time of this very
// request. known is false where only the store can tell; found is false for a
// secret that nobody has.
func (c *Cache[V]) Recall(fp keys.Fingerprint, now time.Time) (value *V, found, known bool) {
	if !c.trust.holds(now) {
		return nil, false, false
	}
	e := c.remembered(&fp, now)
	if e == nil {
		return nil, false, false
	}
	return &e.value, e.found(), true
}

// RecallStale is Recall where memory may no longer be trusted, for a store
// that doesn't answer.
func (c *Cache[V]) RecallStale(fp keys.Fingerprint) (value *V, found bool) {
	e := c.known.get(&fp)
	if e == nil || !c.good(e) {
		return nil, false
	}
	return &e.value, true
}

// Met reports whether memory holds a secret as a key's, however old that
// knowledge is.
func (c *Cache[V]) Met(fp keys.Fingerprint) bool { return c.known.get(&fp) != nil }

func (c *Cache[V]) remembered(fp *keys.Fingerprint, now time.Time) *entry[V] {
	if e := c.known.get(fp); e != nil && c.good(e) {
		return e
	}
	if e := c.absent.get(fp); e != nil && now.Before(e.absence.until) && c.good(e) {
		return e
	}
	return nil
}

// Knows reports whether memory holds a secret and may be believed about it.
func (c *Cache[V]) Knows(fp keys.Fingerprint, now time.Time) bool {
	return c.trust.holds(now) && c.remembered(&fp, now) != nil
}

// good reports whether nothing has changed an entry since it was read, as far
// as this node knows.
func (c *Cache[V]) good(e *entry[V]) bool {
	of := c.current.Load()
	if e.generation != of.number {
		return false
	}
	if e.found() {
		return of.passes(e.mark.slot(), e.read)
	}
	return of.absent.Load() <= int64(e.read) &&
		!slices.ContainsFunc(e.absence.slots, func(s slot) bool { return !of.passes(s, e.read) })
}
