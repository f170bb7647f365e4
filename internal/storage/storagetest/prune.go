package storagetest

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

var pruneGuarantees = []guarantee{
	{"OldUsageIsRemovedAndTotalsStay", pruneOld},
	{"WhatNoRouteListedIsRemovedEarlier", pruneUnlisted},
	{"PruningRemovesALittleAtATimeUntilAllIsGone", pruneLittle},
	{"IdleIncarnationsAreForgotten", pruneIncarnations},
	{"PruningIsNoChange", pruneMovesNothing},
	{"WhatIsFlushedLateIsPrunedLater", pruneAgain},
	{"HoursOfOldDaysArePutTogetherAndAllSumsStay", rollUp},
}

func inHour(hour int) func(*storage.UsageCell) {
	return func(c *storage.UsageCell) { c.Hour = noon.Add(time.Duration(hour) * time.Hour) }
}

// prune calls until there is nothing more, and returns how often that was.
func prune(t *testing.T, f *fixture, p storage.UsagePrune) (calls int) {
	t.Helper()
	for calls < 10_000 {
		calls++
		more, err := f.store.PruneUsage(t.Context(), p)
		must(t, err)
		if !more {
			return calls
		}
	}
	t.Fatal("pruning never ends")
	return calls
}

func pruneOld(t *testing.T, f *fixture) {
	ids := []keys.ID{"key_a", "key_b", "key_gone", ""}
	f.insert(t, newKey("key_a"), newKey("key_b", func(k *keys.Key) { k.Environment = keys.Test }))
	var all []storage.UsageCell
	for _, id := range ids {
		all = append(all, cell(id, inHour(-2)), cell(id, inHour(-2), denied), cell(id, inHour(-1)), cell(id, inHour(0)), cell(id, inHour(1)))
	}
	f.apply(t, batch(1, all...))
	before := totals(t, f, ids...)
	prune(t, f, storage.UsagePrune{CellsBefore: noon, Limit: 100})
	for _, id := range ids {
		var hours []time.Time
		for _, c := range cells(t, f, id) {
			hours = append(hours, c.Hour)
		}
		wantEqual(t, fmt.Sprintf("hours of %q", id), hours, []time.Time{noon, noon.Add(time.Hour)})
	}
	wantEqual(t, "totals", totals(t, f, ids...), before)
	for _, env := range keys.Environments {
		of := storage.UsageOf{Workspace: storage.DefaultWorkspace, Environment: env}
		wantEqual(t, "what its workspace used since then", cost(t, f, of, noon), 2)
		wantEqual(t, "what is left of before", cost(t, f, of, noon.Add(-time.Hour)), 2)
	}
}

func pruneUnlisted(t *testing.T, f *fixture) {
	unlisted := func(hour int) storage.UsageCell { return cell(storage.UnlistedID, inHour(hour), denied) }
	f.insert(t, newKey("key_a"))
	f.apply(t, batch(1, unlisted(-2), unlisted(-1), unlisted(0), cell("key_a", inHour(-2))))
	prune(t, f, storage.UsagePrune{UnlistedBefore: noon, Limit: 100})
	if left := cells(t, f, storage.UnlistedID); len(left) != 1 || !left[0].Hour.Equal(noon) {
		t.Errorf("left: %+v", left)
	}
	if left := cells(t, f, "key_a"); len(left) != 1 {
		t.Errorf("of a key: %+v", left)
	}
}

// pruneLittle has one key with many old cells, and many with few or none.
func pruneLittle(t *testing.T, f *fixture) {
	const limit, many, few = 7, 40, 30
	var all []storage.UsageCell
	for i := range many {
		all = append(all, cell("key_busy", inHour(-1-i)))
	}
	for i := range few {
		all = append(all, cell(keys.ID(fmt.Sprintf("key_%02d", i)), inHour(i%2-1)))
	}
	f.insert(t, newKey("key_busy"))
	f.apply(t, batch(1, all...))
	count := func() (n int) {
		for _, id := range slices.Concat([]keys.ID{"key_busy"}, numbered(few)) {
			n += len(cells(t, f, id))
		}
		return n
	}
	for last, more := count(), true; more; {
		var err error
		more, err = f.store.PruneUsage(t.Context(), storage.UsagePrune{CellsBefore: noon, Limit: limit})
		must(t, err)
		left := count()
		if last-left > limit {
			t.Fatalf("%d cells were removed at once, at most %d", last-left, limit)
		}
		last = left
	}
	wantEqual(t, "cells", count(), few/2)
	wantEqual(t, "cost of the workspace", cost(t, f, storage.UsageOf{Workspace: storage.DefaultWorkspace, Environment: keys.Live}, time.Time{}.AddDate(1, 0, 0)), 0)
}

func numbered(n int) (ids []keys.ID) {
	for i := range n {
		ids = append(ids, keys.ID(fmt.Sprintf("key_%02d", i)))
	}
	return ids
}

// pruneIncarnations looks at the store's own clock: that is when an
// incarnation flushed.
func pruneIncarnations(t *testing.T, f *fixture) {
	f.apply(t, batch(1, cell("key_a")), batch(2, cell("key_a")))
	prune(t, f, storage.UsagePrune{IncarnationsBefore: time.Now().Add(-time.Hour), Limit: 1})
	f.apply(t, batch(2, cell("key_a")), batch(3, cell("key_a"))) // known still: one was repeated
	prune(t, f, storage.UsagePrune{IncarnationsBefore: time.Now().Add(time.Hour), Limit: 1})
	wantErr(t, "the next batch of one that is forgotten", f.store.ApplyUsage(t.Context(), batch(4, cell("key_a"))), storage.ErrOutOfOrder)
	wantEqual(t, "calls", totals(t, f, "key_a")["key_a"].Calls, 3)
}

func pruneMovesNothing(t *testing.T, f *fixture) {
	f.insert(t, newKey("key_a"))
	f.apply(t, batch(1, cell("key_a", inHour(-1))))
	before := f.head(t)
	f.store.OnCommit(func([]storage.Change) { t.Error("pruning was announced as a change") })
	prune(t, f, storage.UsagePrune{CellsBefore: noon, Limit: 10})
	wantEqual(t, "cells", len(cells(t, f, "key_a")), 0)
	wantEqual(t, "head", f.head(t), before)
	wantEqual(t, "key", read(t, f.store, func(ctx context.Context, r storage.Reader) (*keys.Key, error) { return r.Key(ctx, "key_a") }), newKey("key_a"))
}

// pruneAgain brings old cells back for keys that pruning has passed already.
func pruneAgain(t *testing.T, f *fixture) {
	const n = 5
	old := func(sequence int64) storage.UsageBatch {
		b := batch(sequence)
		for _, id := range numbered(n) {
			b.Cells = append(b.Cells, cell(id, inHour(-1)))
		}
		return b
	}
	p := storage.UsagePrune{CellsBefore: noon, Limit: n / 2}
	f.apply(t, old(1))
	_, err := f.store.PruneUsage(t.Context(), p)
	must(t, err)
	f.apply(t, old(2))
	prune(t, f, p)
	prune(t, f, p)
	for _, id := range numbered(n) {
		wantEqual(t, "cells of "+string(id), len(cells(t, f, id)), 0)
		wantEqual(t, "calls of "+string(id), totals(t, f, id)[id].Calls, 2)
	}
}
