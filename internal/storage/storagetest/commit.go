package storagetest

import (
	"context"
	"errors"
	"testing"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

var commitGuarantees = []guarantee{
	{"CommitIsAnnouncedBeforeAnybodySeesIt", announcedFirst},
	{"AnnouncedChangesAreThoseOfTheLog", announcedAsLogged},
	{"CommitInDoubtWasAnnounced", announcedInDoubt},
}

func announcedFirst(t *testing.T, f *fixture) {
	key := newKey("key_a")
	f.insert(t, key)
	other := f.place(t)
	var announced bool
	f.store.OnCommit(func([]storage.Change) {
		announced = true
		for _, store := range []storage.Store{f.store, other} {
			found, err := store.Lookup(t.Context(), []keys.Digest{key.Digest})
			must(t, err)
			wantEqual(t, "status when announced", found.Key.Status, keys.Active)
			wantEqual(t, "revision when announced", found.Revision, 1)
		}
	})
	key.Status = keys.Revoked
	f.update(t, func(ctx context.Context, tx storage.Tx) error { return tx.UpdateKey(ctx, key) })
	wantEqual(t, "announced", announced, true)
	found, err := other.Lookup(t.Context(), []keys.Digest{key.Digest})
	must(t, err)
	wantEqual(t, "status", found.Key.Status, keys.Revoked)
}

func announcedAsLogged(t *testing.T, f *fixture) {
	f.insert(t, newKey("key_a"))
	before := f.head(t)
	var announced []storage.Change
	f.store.OnCommit(func(changes []storage.Change) { announced = append(announced, changes...) })
	f.update(t, writeEverything)
	wantEqual(t, "announced", announced, f.changes(t, before, 100))
	wantEqual(t, "head", f.head(t), announced[len(announced)-1].Position)
}

// announcedInDoubt ends the context between the announcement and the commit:
// whichever way it goes, it was announced, and the error is no answer.
func announcedInDoubt(t *testing.T, f *fixture) {
	ctx, end := context.WithCancel(t.Context())
	announced := false
	f.store.OnCommit(func([]storage.Change) {
		announced = true
		end()
	})
	_, failed := f.store.Update(ctx, func(tx storage.Tx) error { return tx.InsertKey(ctx, newKey("key_a")) })
	wantEqual(t, "announced", announced, true)
	f.store.OnCommit(func([]storage.Change) {})
	err := f.store.View(t.Context(), func(r storage.Reader) error {
		_, err := r.Key(t.Context(), "key_a")
		return err
	})
	if failed == nil {
		must(t, err)
		return
	}
	wantUnknown(t, "update", failed)
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		t.Error(err)
	}
	f.insert(t, newKey("key_b"))
}
