package engine

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/limit/local"
	"github.com/keystile/keystile/internal/storage"
)

// endless is a store that has a key for each secret, as a store of many
// customers would.
type endless struct {
	*handle
	n int
}

func (s *endless) Lookup(_ context.Context, digests []keys.Digest) (storage.Lookup, error) {
	s.n++
	id := keys.NewID()
	return storage.Lookup{Key: &keys.Key{
		ID: id, Lineage: id, Digest: digests[0], Name: fmt.Sprint("customer ", s.n), Hint: "ks_live_…" + fmt.Sprint(s.n),
		Status: keys.Active, Kind: keys.Personal, Environment: keys.Live, Workspace: fmt.Sprint("workspace-", s.n/10),
		Scopes: []string{fmt.Sprint("read:projec", "ts"), fmt.Sprint("write:projec", "ts")}, Owner: fmt.Sprintf("user-%d@example.com", s.n),
		CreatedBy: "token:tok_0123456789ABCDEFGHIJKL", CreatedAt: time.Now(), ExpiresAt: time.Now().Add(time.Hour),
	}}, nil
}

// BenchmarkMemoryPerKey measures what the heap holds for each key in memory
// that was used.
func BenchmarkMemoryPerKey(b *testing.B) {
	const n = 1_000_000
	for b.Loop() {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		store := &endless{handle: newHandle(newShelf())}
		e, err := newEngine(Config{
			Store: store, Limiter: local.New(time.Now()), Now: time.Now, Node: "one", Log: slog.New(slog.DiscardHandler), Stats: new(Stats),
		}, &Settings{MaxStaleness: time.Hour, FlushInterval: time.Hour, CacheSize: n, Hasher: keys.NewHasher(nil)})
		if err != nil {
			b.Fatal(err)
		}
		e.node.join(b.Context())
		if err := e.follower.catchUp(b.Context()); err != nil {
			b.Fatal(err)
		}
		e.started = true
		close(e.ready)
		for i := range n {
			secret := fmt.Sprint("secret ", i)
			if _, found, err := e.Fetch(b.Context(), keys.FingerprintOf(secret), secret, time.Now()); err != nil || !found {
				b.Fatal(err)
			}
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/n, "B/key")
		if err := e.Hurry(0); err != nil {
			b.Fatal(err)
		}
	}
}
