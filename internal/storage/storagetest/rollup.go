package storagetest

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

func rollUp(t *testing.T, f *fixture) {
	midnight, ids := noon.Truncate(24*time.Hour), numbered(7)
	at := func(hours int) func(*storage.UsageCell) {
		return func(c *storage.UsageCell) {
			c.Hour = midnight.Add(time.Duration(hours) * time.Hour)
			c.Last = c.Hour.Add(time.Minute)
		}
	}
	elsewhere := func(c *storage.UsageCell) { c.Endpoint = "default" }
	huge := func(c *storage.UsageCell) { c.Count, c.Cost = math.MaxInt64-1, 1 }
	var all []storage.UsageCell
	for _, id := range ids {
		all = append(all, cell(id, at(-48)), cell(id, at(-47)), cell(id, at(-30)), cell(id, at(-30), denied), cell(id, at(-29), denied),
			cell(id, at(-25), elsewhere), cell(id, at(-24)), cell(id, at(-1)), cell(id, at(0)), cell(id, at(1)))
	}
	f.insert(t, newKey(ids[0]), newKey("key_huge"))
	f.apply(t, batch(1, append(all, cell("key_huge", at(-40), huge), cell("key_huge", at(-39), huge))...))
	before := map[keys.ID][]storage.UsageCell{}
	for _, id := range ids {
		before[id] = days(cells(t, f, id), midnight.Add(-24*time.Hour))
	}
	sums, head := totals(t, f, ids...), f.head(t)
	acme := storage.UsageOf{Workspace: storage.DefaultWorkspace, Environment: keys.Live}
	spent := cost(t, f, acme, time.Time{}.AddDate(1, 0, 0))
	f.store.OnCommit(func([]storage.Change) { t.Error("it was announced as a change") })
	for _, from := range []time.Time{{}, midnight.Add(-48 * time.Hour)} { // the second finds nothing left to do
		calls := 0
		for more := true; more; calls++ {
			var err error
			more, err = f.store.RollUpUsage(t.Context(), storage.UsageRollUp{From: from, Before: midnight.Add(-24 * time.Hour), Limit: 3})
			must(t, err)
			if calls > 100 {
				t.Fatal("it never ends")
			}
		}
		for _, id := range ids {
			wantEqual(t, fmt.Sprintf("usage of %s", id), cells(t, f, id), before[id])
		}
	}
	if got := cells(t, f, "key_huge"); len(got) != 1 || got[0].Count != math.MaxInt64 || got[0].Cost != 2 {
		t.Errorf("sums beyond what can be stored: %+v", got)
	}
	wantEqual(t, "totals", totals(t, f, ids...), sums)
	wantEqual(t, "cost of the workspace", cost(t, f, acme, time.Time{}.AddDate(1, 0, 0)), spent)
	wantEqual(t, "head", f.head(t), head)
}

// days is what cells should be once the hours of days before a time are put
// together, in the order of a reader.
func days(of []storage.UsageCell, before time.Time) (out []storage.UsageCell) {
	for _, c := range of {
		if c.Hour.Before(before) {
			c.Hour = c.Hour.Truncate(24 * time.Hour)
		}
		i := slices.IndexFunc(out, func(o storage.UsageCell) bool {
			return o.Hour.Equal(c.Hour) && o.Endpoint == c.Endpoint && o.Project == c.Project && o.Outcome == c.Outcome
		})
		if i < 0 {
			out = append(out, c)
			continue
		}
		out[i].Count, out[i].Cost, out[i].Last = out[i].Count+c.Count, out[i].Cost+c.Cost, c.Last
	}
	slices.SortStableFunc(out, func(a, b storage.UsageCell) int {
		return cmp.Or(a.Hour.Compare(b.Hour), cmp.Compare(a.Endpoint, b.Endpoint), cmp.Compare(a.Project, b.Project), cmp.Compare(a.Outcome, b.Outcome))
	})
	return out
}
