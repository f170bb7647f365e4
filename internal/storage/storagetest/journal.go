package storagetest

import (
	"context"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

// journalGuarantees are of batches that are large: a driver may keep such a
// batch as it is, and put it into the sums later.
var journalGuarantees = []guarantee{
	{"WhoeverReadsUsageReadsAllThatWasFlushed", readsAllThatWasFlushed},
	{"LargeBatchesOfSeveralNodesAddUp", severalNodesFlush},
	{"ALargeBatchThatComesTwiceCountsOnce", largeBatchTwice},
	{"SumsOfLargeBatchesStopAtTheLargestNumber", largeBatchesStop},
	{"WhoFlushesAndWhoReadsAtOnceAgreeInTheEnd", flushAndReadAtOnce},
	{"OfOnePlaceWhatIsAllowedAndWhatIsDeniedAreTold", oneOutcomeOfTwoKinds},
	{"WhatWaitsAndIsTooOldIsPruned", journalIsPruned},
}

// inLargeBatches are guarantees which hold for large batches as well.
func inLargeBatches() []guarantee {
	all := slices.Concat(usageGuarantees, costGuarantees, rankedGuarantees)
	for i := range all {
		prove := all[i].prove
		all[i].name += "InLargeBatches"
		all[i].prove = func(t *testing.T, f *fixture) {
			f.store = enlarging{f.store}
			prove(t, f)
		}
	}
	return all
}

// enlarging is a store whose every batch is large: with it come refusals of
// nobody's key, at a time long ago.
type enlarging struct{ storage.Store }

func (e enlarging) ApplyUsage(ctx context.Context, batch storage.UsageBatch) error {
	return e.Store.ApplyUsage(ctx, large(batch))
}

func large(batch storage.UsageBatch) storage.UsageBatch {
	batch.Cells = slices.Clone(batch.Cells)
	for i := range 500 {
		batch.Cells = append(batch.Cells, storage.UsageCell{
			KeyID: "key_nobodys", Hour: noon.Add(-1000 * time.Hour), Endpoint: fmt.Sprint("GET /", i), Outcome: "missing_key", Denied: true, Count: 1,
		})
	}
	return batch
}

// readsAllThatWasFlushed flushes a large batch before each question.
func readsAllThatWasFlushed(t *testing.T, f *fixture) {
	f.insert(t, newKey("key_a"), newKey("key_b", at(-48*time.Hour)), newKey("key_c", at(-48*time.Hour)))
	unused := storage.KeyFilter{Workspace: storage.DefaultWorkspace, Now: noon, UnusedSince: noon.Add(-time.Hour)}
	for i, c := range []struct {
		name string
		used keys.ID
		ask  func(context.Context, storage.Reader) (int, error)
		want int
	}{
		{"totals", "key_a", func(ctx context.Context, r storage.Reader) (int, error) {
			all, err := r.UsageTotals(ctx, []keys.ID{"key_a"})
			return int(all["key_a"].Calls), err
		}, 1},
		{"cost", "key_a", func(ctx context.Context, r storage.Reader) (int, error) {
			n, err := r.UsageCost(ctx, storage.UsageOf{Lineage: "key_a"}, noon)
			return int(n), err
		}, 2},
		{"cells", "key_a", func(ctx context.Context, r storage.Reader) (int, error) {
			all, err := r.UsageCells(ctx, "key_a", noon, time.Time{})
			return countOf(all), err
		}, 3},
		{"sums", "key_a", func(ctx context.Context, r storage.Reader) (n int, err error) {
			all, err := r.UsageSums(ctx, storage.UsageSumOf{Workspace: storage.DefaultWorkspace, By: storage.UsageByHour})
			for i := range all {
				n += int(all[i].Calls)
			}
			return n, err
		}, 4},
		{"observed", storage.StrangerID, func(ctx context.Context, r storage.Reader) (int, error) {
			all, err := r.Observed(ctx, noon, 10)
			return countOf(all), err
		}, 1},
		{"the list of unused keys", "key_b", func(ctx context.Context, r storage.Reader) (int, error) {
			all, err := r.Keys(ctx, unused)
			return len(all), err
		}, 1},
		{"the count of unused keys", "key_c", func(ctx context.Context, r storage.Reader) (int, error) {
			return r.CountListed(ctx, unused, 10)
		}, 0},
	} {
		of := cell(c.used)
		if c.used == storage.StrangerID {
			wouldBe("missing_key")(&of)
		}
		f.apply(t, large(batch(int64(i+1), of)))
		wantEqual(t, c.name, read(t, f.store, c.ask), c.want)
	}
	f.apply(t, large(batch(8, cell("key_a"))))
	var all map[keys.ID]storage.UsageTotal
	must(t, f.store.Glance(t.Context(), func(r storage.Reader) (err error) {
		all, err = r.UsageTotals(t.Context(), []keys.ID{"key_a"})
		return err
	}))
	wantEqual(t, "totals at a glance", all["key_a"].Calls, 5)
}

func countOf(cells []storage.UsageCell) (n int) {
	for i := range cells {
		n += int(cells[i].Count)
	}
	return n
}

func severalNodesFlush(t *testing.T, f *fixture) {
	other := f.place(t)
	for i := range int64(3) {
		mine, theirs := batch(i+1, cell("key_a")), batch(i+1, cell("key_a"))
		theirs.Incarnation = "5e0f6a9c-0000-4000-8000-000000000002"
		f.apply(t, large(mine))
		must(t, other.ApplyUsage(t.Context(), large(theirs)))
	}
	wantEqual(t, "calls", totals(t, f, "key_a")["key_a"].Calls, 6)
	f.store = other
	wantEqual(t, "calls, read by the other", totals(t, f, "key_a")["key_a"].Calls, 6)
}

func largeBatchTwice(t *testing.T, f *fixture) {
	first, second := large(batch(1, cell("key_a"))), large(batch(2, cell("key_a")))
	f.apply(t, first, first)
	wantEqual(t, "calls", totals(t, f, "key_a")["key_a"].Calls, 1)
	f.apply(t, first, second, second)
	wantEqual(t, "calls after the next", totals(t, f, "key_a")["key_a"].Calls, 2)
	wantErr(t, "a gap", f.store.ApplyUsage(t.Context(), large(batch(4, cell("key_a")))), storage.ErrOutOfOrder)
	wantEqual(t, "calls after what was refused", totals(t, f, "key_a")["key_a"].Calls, 2)
}

func largeBatchesStop(t *testing.T, f *fixture) {
	f.insert(t, newKey("key_max"), newKey("key_neg"))
	most := func(c *storage.UsageCell) { c.Count, c.Cost = math.MaxInt64-1, math.MaxInt64-1 }
	other := func(c *storage.UsageCell) { c.Endpoint = "GET /v1/y" }
	less := func(c *storage.UsageCell) { c.Count, c.Cost = -7, -7 }
	f.apply(t, large(batch(1, cell("key_max", most), cell("key_neg", less))), large(batch(2, cell("key_max", most), cell("key_neg", less), cell("key_neg"))))
	f.apply(t, large(batch(3, cell("key_max", most), cell("key_max", most, other), cell("key_neg", less))))
	all := cells(t, f, "key_max")
	wantEqual(t, "the largest cell", all[0].Count, math.MaxInt64)
	wantEqual(t, "its cost", all[0].Cost, math.MaxInt64)
	wantEqual(t, "the cost of the workspace", cost(t, f, storage.UsageOf{Workspace: storage.DefaultWorkspace, Environment: keys.Live}, noon), math.MaxInt64)
	wantEqual(t, "what can't be less than nothing", cells(t, f, "key_neg")[0].Count, 1)
}

// flushAndReadAtOnce has two nodes flush while three read, of which each sees
// sums that only grow.
func flushAndReadAtOnce(t *testing.T, f *fixture) {
	const flushes = 25
	f.insert(t, newKey("key_a"))
	nodes := []storage.Store{f.store, f.place(t), f.place(t)}
	of := storage.UsageOf{Lineage: "key_a", Whole: true}
	atOnce(2+2*len(nodes), func(i int) {
		node := nodes[i%len(nodes)]
		if i < 2 {
			for n := range int64(flushes) {
				b := large(batch(n+1, cell("key_a")))
				b.Incarnation = fmt.Sprintf("5e0f6a9c-0000-4000-8000-00000000000%d", i)
				for node.ApplyUsage(t.Context(), b) != nil && t.Context().Err() == nil {
					continue // where others hold the database for too long, it is in doubt
				}
			}
			return
		}
		for last := int64(0); last < 2*flushes && !t.Failed() && t.Context().Err() == nil; {
			var n int64
			err := node.View(t.Context(), func(r storage.Reader) (err error) {
				n, err = r.UsageCost(t.Context(), of, noon)
				return err
			})
			switch {
			case err != nil: // it may not be had, but it may not be wrong
			case n < last:
				t.Errorf("a cost of %d after %d", n, last)
			default:
				last = n
			}
		}
	})
	wantEqual(t, "the cost in the end", cost(t, f, of, noon), 2*flushes)
}

func oneOutcomeOfTwoKinds(t *testing.T, f *fixture) {
	refused := func(c *storage.UsageCell) { c.Denied, c.Cost = true, 0 }
	f.apply(t, large(batch(1, cell("key_a"), cell("key_a", refused), cell("key_a", refused))))
	wantEqual(t, "allowed calls", totals(t, f, "key_a")["key_a"].Calls, 1)
}

func journalIsPruned(t *testing.T, f *fixture) {
	f.apply(t, large(batch(1, cell("key_a"), cell("key_a", inHour(-24)))))
	for more := true; more; {
		var err error
		more, err = f.store.PruneUsage(t.Context(), storage.UsagePrune{CellsBefore: noon, Limit: 1000})
		must(t, err)
	}
	wantEqual(t, "cells", cells(t, f, "key_a"), []storage.UsageCell{cell("key_a")})
	wantEqual(t, "of nobody's key", len(cells(t, f, "key_nobodys")), 0)
}
