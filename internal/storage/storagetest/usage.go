package storagetest

import (
	"context"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

var usageGuarantees = []guarantee{
	{"UsageAddsUpOverBatches", usageAddsUp},
	{"OnlyAllowedCallsAreTotals", usageTotals},
	{"UsageOfUnknownKeysIsKept", usageOfUnknown},
	{"UsageCellsAreSelectedByHour", usageByHour},
	{"UsageMovesNoRevision", usageMovesNothing},
	{"OneOddCellFailsNoBatch", oddCells},
	{"WhatIsObservedIsAddedUpByKeyEndpointAndOutcome", usageObserved},
}

// cell is one call at noon, which cases adjust.
func cell(id keys.ID, adjust ...func(*storage.UsageCell)) storage.UsageCell {
	c := storage.UsageCell{KeyID: id, Hour: noon, Endpoint: "GET /v1/x", Project: "p1", Outcome: "2xx", Count: 1, Cost: 1, Last: noon}
	for _, change := range adjust {
		change(&c)
	}
	return c
}

func denied(c *storage.UsageCell) { c.Denied, c.Outcome, c.Cost = true, "rate_limited", 0 }

func counting(count int64, last time.Time) func(*storage.UsageCell) {
	return func(c *storage.UsageCell) { c.Count, c.Cost, c.Last = count, 5*count, last }
}

func batch(sequence int64, cells ...storage.UsageCell) storage.UsageBatch {
	return storage.UsageBatch{Incarnation: "5e0f6a9c-0000-4000-8000-000000000001", Sequence: sequence, Cells: cells}
}

func cells(t *testing.T, f *fixture, id keys.ID) []storage.UsageCell {
	t.Helper()
	return read(t, f.store, func(ctx context.Context, r storage.Reader) ([]storage.UsageCell, error) {
		return r.UsageCells(ctx, id, time.Time{}, time.Time{})
	})
}

func totals(t *testing.T, f *fixture, ids ...keys.ID) map[keys.ID]storage.UsageTotal {
	t.Helper()
	return read(t, f.store, func(ctx context.Context, r storage.Reader) (map[keys.ID]storage.UsageTotal, error) {
		return r.UsageTotals(ctx, ids)
	})
}

// usageAddsUp sends more cells than fit into one statement, one of them twice.
func usageAddsUp(t *testing.T, f *fixture) {
	const keysUsed = 600
	first, second := batch(1), batch(2)
	for i := range keysUsed {
		id := keys.ID(fmt.Sprintf("key_%d", i))
		first.Cells = append(first.Cells, cell(id, counting(3, noon.Add(2*time.Minute))))
		second.Cells = append(second.Cells, cell(id, counting(2, noon.Add(time.Minute))), cell(id, denied))
	}
	first.Cells = append(first.Cells, cell("key_0", counting(1, noon)))
	f.apply(t, first, second)
	for i, extra := range map[int]int64{0: 1, 1: 0, keysUsed - 1: 0} {
		id := keys.ID(fmt.Sprintf("key_%d", i))
		wantEqual(t, "cells of "+string(id), cells(t, f, id), []storage.UsageCell{
			cell(id, counting(5+extra, noon.Add(2*time.Minute))), cell(id, denied),
		})
	}
	ids := make([]keys.ID, keysUsed)
	for i := range ids {
		ids[i] = keys.ID(fmt.Sprintf("key_%d", i))
	}
	all := totals(t, f, ids...)
	wantEqual(t, "totals", len(all), keysUsed)
	var sum int64
	for _, total := range all {
		sum += total.Calls
	}
	wantEqual(t, "calls in all", sum, 5*keysUsed+1)
}

func usageTotals(t *testing.T, f *fixture) {
	f.apply(t,
		batch(1, cell("key_a", counting(7, noon.Add(time.Hour))), cell("key_b", denied)),
		batch(2, cell("key_a", counting(1, noon)), cell("key_a", denied, func(c *storage.UsageCell) { c.Last = noon.Add(2 * time.Hour) })),
	)
	wantEqual(t, "totals", totals(t, f, "key_a", "key_b", "key_c"), map[keys.ID]storage.UsageTotal{
		"key_a": {Calls: 8, LastUsed: noon.Add(time.Hour)},
	})
	wantEqual(t, "of no keys", len(totals(t, f)), 0)
}

func usageOfUnknown(t *testing.T, f *fixture) {
	f.apply(t, batch(1, cell("key_gone")))
	wantEqual(t, "cells", cells(t, f, "key_gone"), []storage.UsageCell{cell("key_gone")})
	wantEqual(t, "totals", totals(t, f, "key_gone")["key_gone"].Calls, 1)
}

func usageByHour(t *testing.T, f *fixture) {
	in := func(hour int) func(*storage.UsageCell) {
		return func(c *storage.UsageCell) { c.Hour = noon.Add(time.Duration(hour) * time.Hour) }
	}
	f.apply(t, batch(1, cell("key_a", in(2)), cell("key_a", in(0)), cell("key_a", in(1)), cell("key_b", in(1))))
	hour := func(n int) time.Time { return noon.Add(time.Duration(n) * time.Hour) }
	for _, c := range []struct {
		from, to time.Time
		want     []time.Time
	}{
		{time.Time{}, time.Time{}, []time.Time{hour(0), hour(1), hour(2)}},
		{hour(1), time.Time{}, []time.Time{hour(1), hour(2)}},
		{time.Time{}, hour(1), []time.Time{hour(0)}},
		{hour(1), hour(2), []time.Time{hour(1)}},
		{hour(0).Add(time.Microsecond), hour(1).Add(time.Microsecond), []time.Time{hour(1)}},
		{hour(2), hour(1), nil},
	} {
		var got []time.Time
		for _, cell := range read(t, f.store, func(ctx context.Context, r storage.Reader) ([]storage.UsageCell, error) {
			return r.UsageCells(ctx, "key_a", c.from, c.to)
		}) {
			got = append(got, cell.Hour)
		}
		wantEqual(t, fmt.Sprintf("from %v to %v", c.from, c.to), got, c.want)
	}
}

func usageMovesNothing(t *testing.T, f *fixture) {
	f.insert(t, newKey("key_a"))
	before := f.head(t)
	f.store.OnCommit(func([]storage.Change) { t.Error("usage was announced as a change") })
	f.apply(t, batch(1, cell("key_a")))
	wantEqual(t, "head", f.head(t), before)
	wantEqual(t, "changes", len(f.changes(t, before, 10)), 0)
	found, err := f.store.Lookup(t.Context(), []keys.Digest{digestOf("key_a")})
	must(t, err)
	wantEqual(t, "key", found, storage.Lookup{Key: newKey("key_a"), Revision: before.Revision})
}

// oddCells sends what a bug could send: the good cells beside count all the
// same, and sums stop at the largest number.
func oddCells(t *testing.T, f *fixture) {
	endpoint := func(text string) func(*storage.UsageCell) { return func(c *storage.UsageCell) { c.Endpoint = text } }
	most := counting(1, noon)
	f.apply(t, batch(1,
		cell("key_neg", func(c *storage.UsageCell) { c.Count, c.Cost = -5, -5 }),
		cell("key_odd", endpoint("nul \x00 byte")), cell("key_odd", endpoint("no \xff text")), cell("", endpoint("")),
		cell("key_max", most, func(c *storage.UsageCell) { c.Count, c.Cost = math.MaxInt64, math.MaxInt64 }),
		cell("key_max", most), cell("key_zero", func(c *storage.UsageCell) { c.Hour, c.Last = time.Time{}, time.Time{} }),
		cell("key_good"),
	))
	f.apply(t, batch(2, cell("key_max", most), cell("key_good")))
	for id, want := range map[keys.ID]int64{"key_good": 2, "key_odd": 2, "key_neg": 0, "key_max": math.MaxInt64, "key_zero": 1} {
		wantEqual(t, "calls of "+string(id), totals(t, f, id)[id].Calls, want)
	}
	wantEqual(t, "largest cell", cells(t, f, "key_max")[0].Count, math.MaxInt64)
	wantEqual(t, "no time stays none", cells(t, f, "key_zero")[0].Last.IsZero(), true)
}

func wouldBe(code string) func(*storage.UsageCell) {
	return func(c *storage.UsageCell) { c.Denied, c.Outcome, c.Cost = true, storage.WouldBe+code, 0 }
}

func usageObserved(t *testing.T, f *fixture) {
	const code, other = "insufficient_scope", "missing_key"
	count := func(n int64) func(*storage.UsageCell) { return func(c *storage.UsageCell) { c.Count = n } }
	f.insert(t, newKey("key_a"))
	f.apply(t, batch(1,
		cell("key_a"), cell("key_a", denied), cell("key_a", wouldBe(code), count(3), inHour(-1)), cell("key_a", wouldBe(code), count(4)),
		cell("key_a", wouldBe(code), func(c *storage.UsageCell) { c.Project = "p2" }), cell("key_a", wouldBe(code), inHour(-2)),
		cell(storage.StrangerID, wouldBe(other), count(20)), cell("key_gone", wouldBe(code), count(8)),
		cell("key_gone", wouldBe(other), inHour(-2)),
	))
	observed := func(limit int) []storage.UsageCell {
		return read(t, f.store, func(ctx context.Context, r storage.Reader) ([]storage.UsageCell, error) {
			return r.Observed(ctx, noon.Add(-time.Hour), limit)
		})
	}
	sum := func(id keys.ID, code string, n int64) storage.UsageCell {
		return storage.UsageCell{KeyID: id, Endpoint: "GET /v1/x", Outcome: storage.WouldBe + code, Denied: true, Count: n, Last: noon}
	}
	want := []storage.UsageCell{sum(storage.StrangerID, other, 20), sum("key_a", code, 8), sum("key_gone", code, 8)}
	wantEqual(t, "observed", observed(10), want)
	wantEqual(t, "the most of it", observed(1), want[:1])
}
