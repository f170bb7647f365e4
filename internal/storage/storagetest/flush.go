package storagetest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

// Flush measures what it takes to store the calls of a thousand keys, of ten
// thousand in turn: as p50-ns what a flush waits for, and as the mean what it takes
// with its share of putting the sums together.
func Flush(b *testing.B, s storage.Store) {
	b.Helper()
	hour := time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
	cells := make([]storage.UsageCell, 10_000)
	for i := range cells {
		cells[i] = storage.UsageCell{KeyID: keys.ID(fmt.Sprintf("key_%d", i)), Hour: hour, Outcome: "2xx", Count: 1, Last: hour}
	}
	batch, turn := storage.UsageBatch{Incarnation: "a"}, slices.Collect(slices.Chunk(cells, 1000))
	var took []time.Duration
	b.ReportAllocs()
	for b.Loop() {
		batch.Cells = turn[batch.Sequence%int64(len(turn))]
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
