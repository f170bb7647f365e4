package storagetest

import (
	"context"
	"testing"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

var schemeGuarantees = []guarantee{
	{"SchemesAreListedAsTheyWereInserted", schemesInOrder},
	{"SchemeIsInsertedOnce", schemeOnce},
	{"LookupNamesTheNewestSchemeOfItsSnapshot", lookupNamesScheme},
	{"SchemeIsAChangeWithoutDigests", schemeIsAChange},
	{"KeyByDigestTakesTheFirstDigestThatHasAKey", keyByDigest},
}

// theirs is a scheme whose key holds every byte that there is.
func theirs() keys.Scheme {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	return keys.Scheme{ID: "sch_b", Algorithm: keys.HMACSHA256, Key: keys.NewSecret(string(all))}
}

func (f *fixture) insertScheme(t *testing.T, s keys.Scheme) storage.Revision {
	t.Helper()
	return f.update(t, func(ctx context.Context, tx storage.Tx) error { return tx.InsertScheme(ctx, s) })
}

func schemesInOrder(t *testing.T, f *fixture) {
	list := func() []keys.Scheme {
		return read(t, f.store, func(ctx context.Context, r storage.Reader) ([]keys.Scheme, error) { return r.Schemes(ctx) })
	}
	wantEqual(t, "schemes of a new store", len(list()), 0)
	want := []keys.Scheme{{ID: "sch_c", Algorithm: keys.SHA512}, theirs(), {ID: "sch_a", Algorithm: "of a newer version"}}
	for _, s := range want {
		f.insertScheme(t, s)
	}
	got := list()
	wantEqual(t, "schemes", len(got), len(want))
	for i := range want {
		if got[i].ID != want[i].ID || !got[i].Same(want[i]) {
			t.Errorf("number %d: got %s (%s), want %s (%s) with its key", i+1, got[i].ID, got[i].Algorithm, want[i].ID, want[i].Algorithm)
		}
	}
}

func schemeOnce(t *testing.T, f *fixture) {
	f.insertScheme(t, theirs())
	before := f.head(t)
	again := theirs()
	again.ID = "sch_another"
	_, err := f.store.Update(t.Context(), func(tx storage.Tx) error { return tx.InsertScheme(t.Context(), again) })
	wantErr(t, "the same digests", err, storage.ErrExists)
	_, err = f.store.Update(t.Context(), func(tx storage.Tx) error {
		return tx.InsertScheme(t.Context(), keys.Scheme{ID: "sch_b", Algorithm: keys.SHA512})
	})
	wantErr(t, "the same ID", err, storage.ErrExists)
	wantEqual(t, "head", f.head(t), before)
}

func lookupNamesScheme(t *testing.T, f *fixture) {
	f.insert(t, newKey("key_a"))
	for _, want := range []string{"", "sch_c", "sch_b"} {
		revision := f.head(t).Revision
		if want != "" {
			s := theirs()
			s.ID, s.Key = want, keys.NewSecret(want)
			revision = f.insertScheme(t, s)
		}
		for digest, key := range map[keys.Digest]*keys.Key{digestOf("key_a"): newKey("key_a"), digestOf("none"): nil} {
			found, err := f.store.Lookup(t.Context(), []keys.Digest{digest})
			must(t, err)
			wantEqual(t, "found", found, storage.Lookup{Key: key, Revision: revision, NewestScheme: want})
		}
	}
}

func schemeIsAChange(t *testing.T, f *fixture) {
	revision := f.insertScheme(t, theirs())
	got := f.changes(t, storage.Position{}, 10)
	wantEqual(t, "changes", got, []storage.Change{{Position: f.head(t), Subject: storage.SubjectScheme, Name: "sch_b"}})
	wantEqual(t, "revision", got[0].Revision, revision)
}

func keyByDigest(t *testing.T, f *fixture) {
	f.insert(t, newKey("key_a"), newKey("key_b"))
	must(t, f.store.View(t.Context(), func(r storage.Reader) error {
		for _, order := range [][2]string{{"key_a", "key_b"}, {"key_b", "key_a"}} {
			got, err := r.KeyByDigest(t.Context(), []keys.Digest{digestOf("none"), digestOf(order[0]), digestOf(order[1])})
			must(t, err)
			wantEqual(t, "found", got, newKey(keys.ID(order[0])))
		}
		for _, digests := range [][]keys.Digest{nil, {digestOf("none")}, {digestOf("none"), digestOf("neither")}} {
			_, err := r.KeyByDigest(t.Context(), digests)
			wantErr(t, "of nobody", err, storage.ErrNotFound)
		}
		return nil
	}))
}
