package storagetest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

var rankedGuarantees = []guarantee{
	{"KeysAreListedInTheOrderThatIsAskedFor", otherOrders},
	{"KeysThatNobodyUsesAndKeysThatEndSoonAreFound", unusedAndEnding},
	{"WhatFitsIsCountedUpToAMost", countedUpToAMost},
	{"UsageOfAllKeysIsAddedUp", usageOfAllKeys},
}

func otherOrders(t *testing.T, f *fixture) {
	named := func(name string) func(*keys.Key) { return func(k *keys.Key) { k.Name = name } }
	ends := func(in time.Duration) func(*keys.Key) { return func(k *keys.Key) { k.ExpiresAt = noon.Add(in) } }
	f.insert(t, newKey("key_a", named("beta"), at(-time.Hour), ends(time.Hour)), newKey("key_b", named("Alpha"), at(-2*time.Hour)),
		newKey("key_c", named("Übung"), ends(time.Minute)), newKey("key_d", named("übel")))
	f.apply(t, batch(1, cell("key_a", counting(5, noon.Add(time.Hour))), cell("key_d", counting(7, noon))))
	for _, c := range []struct {
		order storage.KeyOrder
		want  []keys.ID
	}{
		{storage.KeyOrder{By: storage.ByName}, []keys.ID{"key_b", "key_a", "key_d", "key_c"}},
		{storage.KeyOrder{By: storage.ByName, Descending: true}, []keys.ID{"key_c", "key_d", "key_a", "key_b"}},
		{storage.KeyOrder{By: storage.ByCreation}, []keys.ID{"key_b", "key_a", "key_c", "key_d"}},
		{storage.KeyOrder{By: storage.ByCalls, Descending: true}, []keys.ID{"key_d", "key_a", "key_c", "key_b"}},
		{storage.KeyOrder{By: storage.ByLastUse}, []keys.ID{"key_c", "key_b", "key_d", "key_a"}},
		{storage.KeyOrder{By: storage.ByEnd}, []keys.ID{"key_c", "key_a", "key_d", "key_b"}},
	} {
		wantEqual(t, fmt.Sprintf("by %+v", c.order), list(t, f, storage.KeyFilter{Order: c.order}), c.want)
		var all []keys.ID
		for offset := range c.want {
			all = append(all, list(t, f, storage.KeyFilter{Order: c.order, Offset: offset, Limit: 1})...)
		}
		wantEqual(t, fmt.Sprintf("one by one, by %+v", c.order), all, c.want)
	}
	wantEqual(t, "behind two, in the order of lists", list(t, f, storage.KeyFilter{Offset: 2}), []keys.ID{"key_a", "key_b"})
	err := f.store.View(t.Context(), func(r storage.Reader) error {
		_, err := r.Keys(t.Context(), storage.KeyFilter{Workspace: storage.DefaultWorkspace, Now: noon, Order: storage.KeyOrder{By: "digest; DROP TABLE keys"}})
		return err
	})
	if err == nil {
		t.Error("keys were put in an order that isn't there")
	}
}

func unusedAndEnding(t *testing.T, f *fixture) {
	const month = 30 * 24 * time.Hour
	ends := func(in time.Duration) func(*keys.Key) { return func(k *keys.Key) { k.ExpiresAt = noon.Add(in) } }
	revoked := func(k *keys.Key) { k.Status = keys.Revoked }
	f.insert(t, newKey("key_new"), newKey("key_never", at(-4*month)), newKey("key_long_ago", at(-4*month)), newKey("key_used", at(-4*month)),
		newKey("key_revoked", at(-4*month), revoked), newKey("key_ended", at(-4*month), ends(-time.Hour)), newKey("key_ending", at(-month), ends(month)))
	f.apply(t, batch(1, cell("key_long_ago", counting(1, noon.Add(-3*month-time.Second))), cell("key_used", counting(1, noon.Add(-3*month))),
		cell("key_new", counting(1, noon))))
	unused := storage.KeyFilter{UnusedSince: noon.Add(-3 * month)}
	wantEqual(t, "unused for three months", list(t, f, unused), []keys.ID{"key_long_ago", "key_never"})
	wantEqual(t, "ending within two months", list(t, f, storage.KeyFilter{EndsBefore: noon.Add(2 * month)}), []keys.ID{"key_ending"})
	wantEqual(t, "ending within a day", list(t, f, storage.KeyFilter{EndsBefore: noon.Add(24 * time.Hour)}), []keys.ID{})
}

func countedUpToAMost(t *testing.T, f *fixture) {
	f.insert(t, newKey("key_a", at(-time.Hour)), newKey("key_b", func(k *keys.Key) { k.Owner = "ann" }), newKey("key_c", func(k *keys.Key) { k.Status = keys.Revoked }),
		newKey("key_d", func(k *keys.Key) { k.Workspace = "acme" }))
	for _, c := range []struct {
		filter     storage.KeyFilter
		most, want int
	}{
		{storage.KeyFilter{}, 10, 3},
		{storage.KeyFilter{}, 2, 2},
		{storage.KeyFilter{Owner: "ann"}, 10, 1},
		{storage.KeyFilter{Query: "KEY_C"}, 10, 1},
		{storage.KeyFilter{UnusedSince: noon}, 10, 1},
		{storage.KeyFilter{Status: keys.Revoked, Offset: 5, Limit: 1, Order: storage.KeyOrder{By: storage.ByName}}, 10, 1},
	} {
		c.filter.Workspace, c.filter.Now = storage.DefaultWorkspace, noon
		got := read(t, f.store, func(ctx context.Context, r storage.Reader) (int, error) { return r.CountListed(ctx, c.filter, c.most) })
		if got != c.want {
			t.Errorf("%+v up to %d: %d, want %d", c.filter, c.most, got, c.want)
		}
	}
}

func usageOfAllKeys(t *testing.T, f *fixture) {
	f.insert(t, newKey("key_a"), newKey("key_b", func(k *keys.Key) { k.Project = "p2" }), newKey("key_other", func(k *keys.Key) { k.Workspace = "acme" }))
	later := func(c *storage.UsageCell) { c.Hour = noon.Add(time.Hour) }
	other := func(c *storage.UsageCell) { c.Endpoint, c.Project = "GET /v1/y", "p2" }
	f.apply(t, batch(1, cell("key_a"), cell("key_a", denied), cell("key_a", counting(2, noon), later), cell("key_b", counting(4, noon), other),
		cell("key_other", counting(8, noon))))
	for _, c := range []struct {
		name string
		of   storage.UsageSumOf
		want []storage.UsageSum
	}{
		{"by hour", storage.UsageSumOf{By: storage.UsageByHour}, []storage.UsageSum{{Hour: noon, Calls: 5, Denied: 1}, {Hour: noon.Add(time.Hour), Calls: 2}}},
		{"from later on", storage.UsageSumOf{By: storage.UsageByHour, From: noon.Add(time.Hour)}, []storage.UsageSum{{Hour: noon.Add(time.Hour), Calls: 2}}},
		{"by key", storage.UsageSumOf{By: storage.UsageByKey}, []storage.UsageSum{{Name: "key_b", Calls: 4}, {Name: "key_a", Calls: 3, Denied: 1}}},
		{"the top key", storage.UsageSumOf{By: storage.UsageByKey, Limit: 1}, []storage.UsageSum{{Name: "key_b", Calls: 4}}},
		{"by endpoint", storage.UsageSumOf{By: storage.UsageByEndpoint}, []storage.UsageSum{{Name: "GET /v1/y", Calls: 4}, {Name: "GET /v1/x", Calls: 3, Denied: 1}}},
		{"by project", storage.UsageSumOf{By: storage.UsageByProject}, []storage.UsageSum{{Name: "p2", Calls: 4}, {Name: "p1", Calls: 3, Denied: 1}}},
		{"by outcome", storage.UsageSumOf{By: storage.UsageByOutcome}, []storage.UsageSum{{Name: "2xx", Calls: 7}, {Name: "rate_limited", Denied: 1}}},
		{"of a project's keys", storage.UsageSumOf{By: storage.UsageByKey, Project: "p2"}, []storage.UsageSum{{Name: "key_b", Calls: 4}}},
	} {
		c.of.Workspace = storage.DefaultWorkspace
		wantEqual(t, c.name, read(t, f.store, func(ctx context.Context, r storage.Reader) ([]storage.UsageSum, error) { return r.UsageSums(ctx, c.of) }), c.want)
	}
}
