package engine

import (
	"hash/maphash"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/limit"
)

// guessSlots bounds the memory for addresses: 8 bytes each, whatever comes.
// Addresses that share a slot share a bucket.
const guessSlots = 1 << 16

// Guesses bounds how often one client address may present secrets that this
// node doesn't know, before the store is asked about them. What turns out to
// be a key is given back.
type Guesses struct {
	bucket limit.Bucket
	start  time.Time
	seed   maphash.Seed
	full   [guessSlots]atomic.Int64 // when each bucket is full again, since the start
}

// NewGuesses returns buckets that are all full.
func NewGuesses(rate limit.Rate, now time.Time) *Guesses {
	// A bucket that was never used has been full since the start, also for a
	// clock that is a little behind.
	return &Guesses{bucket: rate.Bucket(), start: now.Add(-time.Hour), seed: maphash.MakeSeed()}
}

// Guesses are those of the rate in force; nil: they have no bound.
func (e *Engine) Guesses() *Guesses { return e.guesses.Load() }

// boundGuesses holds guesses to a rate from now on. What an address has spent
// stays spent under another rate.
func (e *Engine) boundGuesses(rate *limit.Rate) {
	before := e.guesses.Load()
	switch {
	case rate == nil:
		e.guesses.Store(nil)
	case before == nil:
		e.guesses.Store(NewGuesses(*rate, e.cfg.Now()))
	case before.bucket != rate.Bucket():
		e.guesses.Store(before.under(rate.Bucket(), e.cfg.Now()))
	}
}

// under returns the same buckets with another rate.
func (g *Guesses) under(bucket limit.Bucket, now time.Time) *Guesses {
	heir := &Guesses{bucket: bucket, start: g.start, seed: g.seed}
	for i := range g.full {
		heir.full[i].Store(int64(bucket.Carry(g.bucket, limit.Instant(g.full[i].Load()), limit.Instant(now.Sub(g.start)))))
	}
	return heir
}

// Take spends one guess of an address; if none is left, it says for how long.
func (g *Guesses) Take(client netip.Addr, now time.Time) (granted bool, retryAfter time.Duration) {
	at := g.slot(client)
	for {
		before := at.Load()
		after, outcome := g.bucket.Take(limit.Instant(before), limit.Instant(now.Sub(g.start)), 1)
		if !outcome.Granted {
			return false, outcome.RetryAfter
		}
		if at.CompareAndSwap(before, int64(after)) {
			return true, 0
		}
	}
}

// GiveBack undoes one Take.
func (g *Guesses) GiveBack(client netip.Addr) {
	g.slot(client).Add(-int64(g.bucket.Interval()))
}

func (g *Guesses) slot(client netip.Addr) *atomic.Int64 {
	return &g.full[maphash.Comparable(g.seed, keys.ClientBlock(client))%guessSlots]
}

// Burst is how many guesses an address has at once.
func (g *Guesses) Burst() int64 { return g.bucket.Burst() }
