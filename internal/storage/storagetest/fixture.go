package storagetest

import (
	"context"
	"crypto/sha256"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

// noon is the present of every case.
var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

type fixture struct {
	newPlace func(*testing.T) Place
	place    Place
	store    storage.Store
}

// setup opens a new place and brings its schema up.
func setup(t *testing.T, newPlace func(*testing.T) Place) *fixture {
	t.Helper()
	place := newPlace(t)
	f := &fixture{newPlace: newPlace, place: place, store: place(t)}
	must(t, f.store.Migrate(t.Context()))
	return f
}

// update runs fn in a transaction that has to succeed.
func (f *fixture) update(t *testing.T, fn func(ctx context.Context, tx storage.Tx) error) storage.Revision {
	t.Helper()
	revision, err := f.store.Update(t.Context(), func(tx storage.Tx) error { return fn(t.Context(), tx) })
	must(t, err)
	return revision
}

// insert stores keys in one transaction.
func (f *fixture) insert(t *testing.T, all ...*keys.Key) storage.Revision {
	t.Helper()
	return f.update(t, func(ctx context.Context, tx storage.Tx) error {
		for _, key := range all {
			if err := tx.InsertKey(ctx, key); err != nil {
				return err
			}
		}
		return nil
	})
}

// apply applies usage batches that have to succeed.
func (f *fixture) apply(t *testing.T, batches ...storage.UsageBatch) {
	t.Helper()
	for _, batch := range batches {
		must(t, f.store.ApplyUsage(t.Context(), batch))
	}
}

func (f *fixture) head(t *testing.T) storage.Position {
	t.Helper()
	head, err := f.store.Confirm(t.Context())
	must(t, err)
	return head
}

func (f *fixture) changes(t *testing.T, after storage.Position, limit int) []storage.Change {
	t.Helper()
	changes, err := f.store.Changes(t.Context(), after, limit)
	must(t, err)
	return changes
}

// read answers one question on a snapshot of its own.
func read[T any](t *testing.T, store storage.Store, ask func(context.Context, storage.Reader) (T, error)) T {
	t.Helper()
	var answer T
	must(t, store.View(t.Context(), func(r storage.Reader) (err error) {
		answer, err = ask(t.Context(), r)
		return err
	}))
	return answer
}

// newKey makes a live, active key of the default workspace.
func newKey(id keys.ID, adjust ...func(*keys.Key)) *keys.Key {
	key := &keys.Key{
		ID: id, Digest: digestOf(string(id)), Name: "Key " + string(id), Hint: "ks_live_" + string(id),
		Status: keys.Active, Kind: keys.Personal, Environment: keys.Live,
		Workspace: storage.DefaultWorkspace, CreatedAt: noon, Lineage: id,
	}
	for _, change := range adjust {
		change(key)
	}
	return key
}

func digestOf(text string) keys.Digest { return sha256.Sum256([]byte(text)) }

func getKey(id keys.ID) func(context.Context, storage.Reader) (*keys.Key, error) {
	return func(ctx context.Context, r storage.Reader) (*keys.Key, error) { return r.Key(ctx, id) }
}

func idsOf(all []keys.Key) []keys.ID {
	ids := []keys.ID{}
	for i := range all {
		ids = append(ids, all[i].ID)
	}
	return ids
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantErr(t *testing.T, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: got error %v, want %v", what, err, want)
	}
}

// wantUnknown checks for an error that is no answer.
func wantUnknown(t *testing.T, what string, err error) {
	t.Helper()
	if err == nil {
		t.Errorf("%s: got no error", what)
	}
	for _, sentinel := range []error{storage.ErrNotFound, storage.ErrExists, storage.ErrGap, storage.ErrOutOfOrder} {
		if errors.Is(err, sentinel) {
			t.Errorf("%s: got %v, which is an answer", what, err)
		}
	}
}

func wantEqual[T any](t *testing.T, what string, got, want T) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// atOnce runs fn n times, concurrently, and returns when all have.
func atOnce(n int, fn func(i int)) {
	var group sync.WaitGroup
	for i := range n {
		group.Go(func() { fn(i) })
	}
	group.Wait()
}
