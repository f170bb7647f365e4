package keycache_test

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/keycache"
	"github.com/keystile/keystile/internal/keys"
)

// remembering is a cache that holds so many keys.
func remembering(b *testing.B, entries int) (*keycache.Cache[int], []keys.Fingerprint) {
	b.Helper()
	cache, err := keycache.New(keycache.Config{Entries: int64(entries), Base: time.Now()}, func(secret string, _ *int) (keycache.Loaded, error) {
		return keycache.Loaded{Found: true, Revision: 1, Digests: []keys.Digest{keys.FingerprintOf(secret)}}, nil
	})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(cache.Close)
	cache.Confirm(time.Now().Add(time.Hour))
	fps := make([]keys.Fingerprint, entries)
	for i := range fps {
		secret := fmt.Sprint("secret ", i)
		fps[i] = keys.FingerprintOf(secret)
		if _, found, err := cache.Get(b.Context(), fps[i], secret, time.Now()); err != nil || !found {
			b.Fatal(found, err)
		}
	}
	return cache, fps
}

// BenchmarkRecall asks for keys that are in memory, the same one or each in
// turn, from one goroutine or from each processor.
func BenchmarkRecall(b *testing.B) {
	for _, entries := range []int{10_000, 1_000_000} {
		cache, fps := remembering(b, entries)
		now := time.Now()
		var missed atomic.Int64
		recall := func(i int) {
			if _, _, known := cache.Recall(fps[i%len(fps)], now); !known {
				missed.Add(1)
			}
		}
		for name, step := range map[string]int{"one": 0, "each": 7919} {
			b.Run(fmt.Sprintf("%d/%s", entries, name), func(b *testing.B) {
				b.ReportAllocs()
				missed.Store(0)
				for i := 0; b.Loop(); i += step {
					recall(i)
				}
				b.ReportMetric(float64(missed.Load())/float64(b.N), "missed")
			})
			b.Run(fmt.Sprintf("%d/%s/parallel", entries, name), func(b *testing.B) {
				b.RunParallel(func(pb *testing.PB) {
					for i := 0; pb.Next(); i += step {
						recall(i)
					}
				})
			})
		}
	}
}

// BenchmarkFill asks for keys that the store has to be read for, and that
// evict others.
func BenchmarkFill(b *testing.B) {
	cache, _ := remembering(b, 10_000)
	now := time.Now()
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		secret := fmt.Sprint("another ", i)
		if _, found, err := cache.Get(b.Context(), keys.FingerprintOf(secret), secret, now); err != nil || !found {
			b.Fatal(found, err)
		}
	}
}
