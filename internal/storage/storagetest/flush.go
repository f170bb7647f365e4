package storagetest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

// Flush measures what it takes to add the calls of a thousand keys to their
// sums, as p50-ns beside the mean: one flush of many waits for the disk.
func Flush(b *testing.B, s storage.Store) {
	b.Helper()
	hour := time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
	batch := storage.UsageBatch{Incarnation: "a"}
	for i := range 1000 {
		batch.Cells = append(batch.Cells, storage.UsageCell{KeyID: keys.ID(fmt.Sprint("key_", i)), Hour: hour, Outcome: "2xx", Count: 1, Last: hour})
	}
	var took []time.Duration
	b.ReportAllocs()
	for b.Loop() {
		batch.Sequence++
		before := b.Elapsed()
		if err := s.ApplyUsage(b.Context(), batch); err != nil {
			b.Fatal(err)
		}
		took = append(took, b.Elapsed()-before)
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2]), "p50-ns")
}
