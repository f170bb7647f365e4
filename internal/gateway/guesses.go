package gateway

import (
	"hash/maphash"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/keystile/keystile/internal/limit"
)

// guessSlots bounds the memory for addresses: 8 bytes each, whatever comes.
// Addresses that share a slot share a bucket.
const guessSlots = 1 << 16

// siteBits is how much of an IPv6 address names a site (RFC 6177): one of them
// has as many addresses as it likes.
const siteBits = 64

// Guesses bounds how often one client address may present secrets that this
// node doesn't know, before the store is asked about them. What turns out to
// be a key is given back.
type Guesses struct {
	bucket limit.Bucket
	start  time.Time
	seed   maphash.Seed
	full   [guessSlots]atomic.Int64 // when each bucket is full again
}

// NewGuesses makes full buckets of a rate. now is any time with a monotonic
// reading.
func NewGuesses(rate limit.Rate, now time.Time) *Guesses {
	bucket := rate.Bucket()
	// A bucket that was never used has been full since the start, also for a
	// clock that is a little behind.
	return &Guesses{bucket: bucket, start: now.Add(-bucket.Window()), seed: maphash.MakeSeed()}
}

// take spends one guess of an address; if none is left, it says for how long.
func (g *Guesses) take(client netip.Addr, now time.Time) (granted bool, retryAfter time.Duration) {
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

// giveBack undoes one take.
func (g *Guesses) giveBack(client netip.Addr) {
	g.slot(client).Add(-int64(g.bucket.Interval()))
}

func (g *Guesses) slot(client netip.Addr) *atomic.Int64 {
	client = client.Unmap().WithZone("")
	bits := client.BitLen()
	if client.Is6() {
		bits = siteBits
	}
	block, _ := client.Prefix(bits) // the zero Addr has a bucket, too
	return &g.full[maphash.Comparable(g.seed, block)%guessSlots]
}
