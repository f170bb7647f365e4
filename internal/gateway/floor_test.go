package gateway_test

import (
	"crypto/sha256"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/keys"
)

// simple is the least that a gate has to hold about a key: a limit, and a count.
type simple struct {
	mu    sync.Mutex
	full  time.Duration // when the bucket is full again, since began
	calls atomic.Int64
}

// simplest is the least that a gate has to do: find a key by the digest of what
// was sent, take from its bucket, and count. It knows no routes, scopes or ends
// of keys, forgets nothing, and doesn't look for the secret in a request.
type simplest struct {
	began time.Time
	known map[[sha256.Size]byte]*simple
}

func (g *simplest) decide(secret string) bool {
	const interval, burst = time.Microsecond, 10 * time.Second
	k := g.known[sha256.Sum256([]byte(secret))]
	if k == nil {
		return false
	}
	now := time.Since(g.began)
	k.mu.Lock()
	full := max(k.full, now) + interval
	if full-now > burst {
		k.mu.Unlock()
		return false
	}
	k.full = full
	k.mu.Unlock()
	k.calls.Add(1)
	return true
}

// BenchmarkSimplestParts is what BenchmarkDecide would take on this machine, at
// best, if a decision were next to nothing: to tell what of a figure is the
// machine's.
func BenchmarkSimplestParts(b *testing.B) {
	for _, n := range []int{10_000, 1_000_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			f := setup(b, nil)
			g, secrets := &simplest{began: time.Now(), known: map[[sha256.Size]byte]*simple{}}, make([]string, n)
			for i := range secrets {
				secrets[i] = f.format.Mint(keys.Live).Reveal()
				g.known[sha256.Sum256([]byte(secrets[i]))] = &simple{}
			}
			b.ReportAllocs()
			for i := 0; b.Loop(); i += 7919 { // none after its neighbour in memory
				if !g.decide(secrets[i%n]) {
					b.Fatal("a known key was refused")
				}
			}
		})
	}
}
