package e2e

import (
	"context"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

// usedLong counts one call of a key in each of some past hours, as a gate did
// at that time.
func (g *gate) usedLong(id string, ages ...time.Duration) {
	g.t.Helper()
	store, err := openStore(g.db)
	if err != nil {
		g.t.Fatal(err)
	}
	defer func() { _ = store.Close() }() // what it holds is stored
	batch := storage.UsageBatch{Incarnation: "long ago", Sequence: 1}
	for _, age := range ages {
		at := time.Now().Add(-age).UTC()
		batch.Cells = append(batch.Cells, storage.UsageCell{
			KeyID: keys.ID(id), Hour: at.Truncate(time.Hour), Endpoint: "default", Outcome: "2xx", Count: 1, Cost: 1, Last: at,
		})
	}
	if err := store.ApplyUsage(g.t.Context(), batch); err != nil {
		g.t.Fatal(err)
	}
}

func TestUsageThatIsOlderThanTheRetentionIsRemovedAndTheTotalStays(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	g := setup(t, options{})
	k := g.key()
	g.usedLong(k.ID, day, 31*day, 33*day, 400*day)
	left := func() (n int) {
		err := g.view(func(ctx context.Context, r storage.Reader) error {
			cells, err := r.UsageCells(ctx, keys.ID(k.ID), time.Time{}, time.Time{})
			n = len(cells)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	g.reload(g.caddyfile())
	if n := left(); n != 4 {
		t.Fatalf("without a retention, %d hours are left of 4", n)
	}
	g.options.app = "usage {\n retention 32d\n}"
	g.reload(g.caddyfile())
	eventually(t, 10*time.Second, "old usage is removed", func() bool { return left() == 2 })
	if total := g.used(k.ID).TotalCalls; total != 4 {
		t.Errorf("%d calls in all, want 4", total)
	}
}
