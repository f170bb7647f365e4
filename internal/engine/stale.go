package engine

import (
	"sync/atomic"
	"time"

	"github.com/keystile/keystile/internal/keys"
)

// confirmation is the last time that the store confirmed what is in memory,
// on both clocks: passing a bound on either ends what it allows.
type confirmation struct {
	at      atomic.Pointer[time.Time] // with a monotonic reading
	failing atomic.Bool               // the last poll got no answer
}

// age is how long ago that was; negative where it never was.
func (c *confirmation) age(now time.Time) time.Duration {
	at := c.at.Load()
	if at == nil {
		return -1
	}
	return max(now.Sub(*at), now.Round(0).Sub(at.Round(0)), 0)
}

// RecallStale answers what a key is while the store doesn't answer, if the
// configuration allows knowledge of that age. Only keys are remembered so:
// that nobody has a secret may have changed.
func (e *Engine) RecallStale(fp keys.Fingerprint, now time.Time) (entry *Entry, age time.Duration, known bool) {
	if age = e.confirmed.age(now); age < 0 || age > e.settings.current.Load().ServeStale {
		return nil, 0, false
	}
	entry, known = e.cache.RecallStale(fp)
	return entry, age, known
}

// Unanswered reports whether the store left the last poll without an answer: a
// request need not find that out once more.
func (e *Engine) Unanswered() bool { return e.confirmed.failing.Load() }

// blind reports whether nothing in memory may be believed any more.
func (e *Engine) blind(now time.Time) bool {
	if e.cache.Trusted(now) {
		return false
	}
	age := e.confirmed.age(now)
	return age < 0 || age > e.settings.current.Load().ServeStale
}
