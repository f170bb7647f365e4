package storagetest

import (
	"context"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

var costGuarantees = []guarantee{
	{"CostIsSummedUpByWorkspaceLineageAndEndpoint", costIsSummedUp},
	{"RepeatedBatchesCostNothing", repeatedBatchesCostNothing},
}

func cost(t *testing.T, f *fixture, of storage.UsageOf, since time.Time) int64 {
	t.Helper()
	return read(t, f.store, func(ctx context.Context, r storage.Reader) (int64, error) {
		return r.UsageCost(ctx, of, since)
	})
}

// costIsSummedUp has two keys of one lineage, one beside them, and one of
// another environment.
func costIsSummedUp(t *testing.T, f *fixture) {
	const first, second, beside, test = "key_first", "key_second", "key_beside", "key_test"
	f.insert(t, newKey(first), newKey(second, func(k *keys.Key) { k.Lineage = first }), newKey(beside),
		newKey(test, func(k *keys.Key) { k.Environment = keys.Test }))
	later := func(c *storage.UsageCell) { c.Hour = noon.Add(time.Hour) }
	other := func(c *storage.UsageCell) { c.Endpoint = "GET /v1/y" }
	costing := func(n int64) func(*storage.UsageCell) { return func(c *storage.UsageCell) { c.Cost = n } }
	f.apply(t, batch(1, cell(first, costing(1)), cell(first, costing(2), later), cell(second, costing(4), other),
		cell(beside, costing(8)), cell(test, costing(16)), cell(beside, denied)))
	f.apply(t, batch(2, cell(first, costing(32))))

	workspace := storage.UsageOf{Workspace: storage.DefaultWorkspace, Environment: keys.Live}
	for _, c := range []struct {
		name  string
		of    storage.UsageOf
		since time.Time
		want  int64
	}{
		{"a workspace", workspace, noon, 1 + 2 + 4 + 8 + 32},
		{"a workspace, from later on", workspace, noon.Add(time.Hour), 2},
		{"another environment", storage.UsageOf{Workspace: storage.DefaultWorkspace, Environment: keys.Test}, noon, 16},
		{"another workspace", storage.UsageOf{Workspace: "nobodys", Environment: keys.Live}, noon, 0},
		{"a lineage", storage.UsageOf{Lineage: first}, noon, 1 + 2 + 4 + 32},
		{"a lineage on one endpoint", storage.UsageOf{Lineage: first, Endpoint: "GET /v1/y"}, noon, 4},
		{"nobody", storage.UsageOf{Lineage: "key_nobody"}, noon, 0},
	} {
		if got := cost(t, f, c.of, c.since); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}

func repeatedBatchesCostNothing(t *testing.T, f *fixture) {
	const id = "key_a"
	f.insert(t, newKey(id))
	for range 3 {
		f.apply(t, batch(1, cell(id)))
	}
	if got := cost(t, f, storage.UsageOf{Workspace: storage.DefaultWorkspace, Environment: keys.Live}, noon); got != 1 {
		t.Errorf("%d, want 1", got)
	}
}
