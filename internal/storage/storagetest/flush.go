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
	batch := CallsOf("a", 1, 10_000)
	turn := slices.Collect(slices.Chunk(batch.Cells, 1000))
	batch.Sequence = 0
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

// CallsOf is a batch of one call each of so many keys: key_0, key_1 and so on.
func CallsOf(incarnation string, sequence int64, amount int) storage.UsageBatch {
	b := storage.UsageBatch{Incarnation: incarnation, Sequence: sequence}
	for i := range amount {
		b.Cells = append(b.Cells, storage.UsageCell{
			KeyID: keys.ID(fmt.Sprint("key_", i)), Hour: noon, Outcome: "2xx", Count: 1, Cost: 1, Last: noon,
		})
	}
	return b
}
