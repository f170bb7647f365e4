package storagetest

import (
	"fmt"
	"testing"

	"github.com/keystile/keystile/internal/storage"
)

var batchGuarantees = []guarantee{
	{"RepeatedBatchCountsOnce", repeatedBatch},
	{"BatchThatIsNotTheNextIsOutOfOrder", outOfOrder},
	{"IncarnationsCountApart", incarnations},
	{"BatchesOfManyNodesAtOnceAddUp", batchesAtOnce},
}

func repeatedBatch(t *testing.T, f *fixture) {
	first, second := batch(1, cell("key_a")), batch(2, cell("key_a"))
	f.apply(t, first, first, second, first, second, second)
	must(t, f.place(t).ApplyUsage(t.Context(), second))
	wantEqual(t, "calls", totals(t, f, "key_a")["key_a"].Calls, 2)
	wantEqual(t, "cell", cells(t, f, "key_a")[0].Count, 2)
}

func outOfOrder(t *testing.T, f *fixture) {
	for _, sequence := range []int64{2, 100} {
		wantErr(t, "of a new incarnation", f.store.ApplyUsage(t.Context(), batch(sequence, cell("key_a"))), storage.ErrOutOfOrder)
	}
	f.apply(t, batch(1, cell("key_a")))
	wantErr(t, "after the first", f.store.ApplyUsage(t.Context(), batch(3, cell("key_a"))), storage.ErrOutOfOrder)
	wantEqual(t, "calls", totals(t, f, "key_a")["key_a"].Calls, 1)
	f.apply(t, batch(2), batch(3, cell("key_a")))
	wantEqual(t, "calls", totals(t, f, "key_a")["key_a"].Calls, 2)
}

func incarnations(t *testing.T, f *fixture) {
	first := batch(1, cell("key_a"))
	second := first
	second.Incarnation = "5e0f6a9c-0000-4000-8000-000000000002"
	f.apply(t, first, second, first, second)
	wantEqual(t, "calls", totals(t, f, "key_a")["key_a"].Calls, 2)
}

// batchesAtOnce lets eight nodes flush, each batch twice, as after a lost
// acknowledgement, on two handles.
func batchesAtOnce(t *testing.T, f *fixture) {
	const nodes, flushes = 8, 5
	stores := []storage.Store{f.store, f.place(t)}
	atOnce(nodes, func(i int) {
		for sequence := int64(1); sequence <= flushes; sequence++ {
			b := storage.UsageBatch{Incarnation: fmt.Sprint("node ", i), Sequence: sequence, Cells: []storage.UsageCell{cell("key_a"), cell("key_b")}}
			for range 2 {
				if err := stores[i%2].ApplyUsage(t.Context(), b); err != nil {
					t.Error(err)
				}
			}
		}
	})
	wantEqual(t, "calls", totals(t, f, "key_a")["key_a"].Calls, nodes*flushes)
	wantEqual(t, "cell", cells(t, f, "key_b")[0].Count, nodes*flushes)
}
