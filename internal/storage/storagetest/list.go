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

var listGuarantees = []guarantee{
	{"KeysAreListedNewestFirst", newestFirst},
	{"PagesHoldEveryKeyOnce", pages},
	{"FiltersSelectByWhatEverybodySees", filters},
	{"WorkspacesDontSeeEachOthersKeys", foreignKeys},
}

func at(offset time.Duration) func(*keys.Key) {
	return func(k *keys.Key) { k.CreatedAt = noon.Add(offset) }
}

func newestFirst(t *testing.T, f *fixture) {
	f.insert(t, newKey("key_old", at(-time.Hour)), newKey("key_c"), newKey("key_a"), newKey("key_new", at(time.Microsecond)), newKey("key_b"))
	wantEqual(t, "keys", list(t, f, storage.KeyFilter{}), []keys.ID{"key_new", "key_a", "key_b", "key_c", "key_old"})
	wantEqual(t, "two keys", list(t, f, storage.KeyFilter{Limit: 2}), []keys.ID{"key_new", "key_a"})
}

// pages follows the cursor in pages of every size. Three keys each share an
// instant.
func pages(t *testing.T, f *fixture) {
	const count = 20
	var all []*keys.Key
	for i := range count {
		all = append(all, newKey(keys.ID(fmt.Sprintf("key_%02d", i)), at(-time.Duration(i/3)*time.Second)))
	}
	f.insert(t, all...)
	whole := list(t, f, storage.KeyFilter{})
	wantEqual(t, "keys in all", len(whole), count)
	for limit := 1; limit <= count+1; limit++ {
		wantEqual(t, fmt.Sprintf("pages of %d", limit), follow(t, f, limit), whole)
	}
}

func follow(t *testing.T, f *fixture, limit int) []keys.ID {
	t.Helper()
	var ids []keys.ID
	filter := storage.KeyFilter{Workspace: storage.DefaultWorkspace, Now: noon, Limit: limit}
	for {
		page := read(t, f.store, func(ctx context.Context, r storage.Reader) ([]keys.Key, error) { return r.Keys(ctx, filter) })
		ids = append(ids, idsOf(page)...)
		if len(page) < limit {
			return ids
		}
		last := page[len(page)-1]
		filter.After, filter.AfterID = last.CreatedAt, last.ID
	}
}

func filters(t *testing.T, f *fixture) {
	expires := func(at time.Time) func(*keys.Key) { return func(k *keys.Key) { k.ExpiresAt = at } }
	status := func(s keys.Status) func(*keys.Key) { return func(k *keys.Key) { k.Status = s } }
	f.insert(t,
		newKey("key_active", func(k *keys.Key) { k.Owner, k.Project, k.Environment = "ann", "p1", keys.Test }),
		newKey("key_inactive", status(keys.Inactive), func(k *keys.Key) { k.Owner = "ann" }),
		newKey("key_revoked", status(keys.Revoked), func(k *keys.Key) { k.Project = "p1" }),
		newKey("key_ends_now", expires(noon)),
		newKey("key_ends_soon", expires(noon.Add(time.Microsecond))),
		newKey("key_inactive_ended", status(keys.Inactive), expires(noon.Add(-time.Hour))),
		newKey("key_revoked_ended", status(keys.Revoked), expires(noon.Add(-time.Hour))),
	)
	for _, c := range []struct {
		filter storage.KeyFilter
		want   []keys.ID
	}{
		{storage.KeyFilter{Status: keys.Active}, []keys.ID{"key_active", "key_ends_soon"}},
		{storage.KeyFilter{Status: keys.Inactive}, []keys.ID{"key_inactive"}},
		{storage.KeyFilter{Status: keys.Revoked}, []keys.ID{"key_revoked", "key_revoked_ended"}},
		{storage.KeyFilter{Status: keys.Expired}, []keys.ID{"key_ends_now", "key_inactive_ended"}},
		{storage.KeyFilter{Status: keys.Expired, Now: noon.Add(999 * time.Nanosecond)}, []keys.ID{"key_ends_now", "key_inactive_ended"}},
		{storage.KeyFilter{Status: "nonsense"}, []keys.ID{}},
		{storage.KeyFilter{Environment: keys.Test}, []keys.ID{"key_active"}},
		{storage.KeyFilter{Owner: "ann"}, []keys.ID{"key_active", "key_inactive"}},
		{storage.KeyFilter{Project: "p1"}, []keys.ID{"key_active", "key_revoked"}},
		{storage.KeyFilter{Project: "p1", Status: keys.Revoked}, []keys.ID{"key_revoked"}},
		{storage.KeyFilter{Owner: "ann", Environment: keys.Live, Limit: 1}, []keys.ID{"key_inactive"}},
	} {
		wantEqual(t, fmt.Sprintf("%+v", c.filter), list(t, f, c.filter), c.want)
	}
}

func foreignKeys(t *testing.T, f *fixture) {
	f.insert(t, newKey("key_a"), newKey("key_b", func(k *keys.Key) { k.Workspace = "acme" }))
	wantEqual(t, "default", list(t, f, storage.KeyFilter{}), []keys.ID{"key_a"})
	wantEqual(t, "acme", list(t, f, storage.KeyFilter{Workspace: "acme"}), []keys.ID{"key_b"})
	if found := list(t, f, storage.KeyFilter{Workspace: "none"}); !slices.Equal(found, []keys.ID{}) {
		t.Errorf("got %v in a workspace that isn't there", found)
	}
}
