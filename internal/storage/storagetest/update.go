package storagetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

var updateGuarantees = []guarantee{
	{"FailedUpdateLeavesNothing", failedUpdate},
	{"PanicInAnUpdateLeavesNothing", panickingUpdate},
	{"UpdateThatPassesOverAFaultCommitsNothing", swallowedFault},
	{"UpdateSeesItsOwnChanges", ownChanges},
	{"FiftyUpdatesAreNumberedWithoutGapsInCommitOrder", numberedUpdates},
	{"UpdateThatOnlyAuditsIsNoRevision", auditOnly},
	{"ViewIsOneSnapshot", viewSnapshot},
	{"NobodySeesHalfAnUpdate", wholeUpdates},
}

var errOurs = errors.New("ours")

// writeEverything changes each table that an Update can change.
func writeEverything(ctx context.Context, tx storage.Tx) error {
	return errors.Join(
		tx.InsertKey(ctx, newKey("key_new")),
		tx.UpdateKey(ctx, newKey("key_a", func(k *keys.Key) { k.Status = keys.Revoked })),
		tx.InsertWorkspace(ctx, storage.Workspace{Name: "acme", CreatedAt: noon}),
		tx.UpdateWorkspace(ctx, storage.Workspace{Name: storage.DefaultWorkspace, Plan: "pro"}),
		tx.InsertProject(ctx, storage.Project{Name: "p1", Workspace: "acme", CreatedAt: noon}),
		tx.InsertProfile(ctx, storage.Profile{Name: "strict", Workspace: "acme", CreatedAt: noon}),
		tx.InsertToken(ctx, &keys.Token{ID: "tok_a", Digest: digestOf("tok_a"), CreatedAt: noon}),
		tx.AppendAudit(ctx, storage.AuditEntry{ID: "entry", Time: noon, Workspace: storage.DefaultWorkspace}),
	)
}

// wantUntouched checks that of writeEverything nothing is there.
func wantUntouched(t *testing.T, f *fixture, before storage.Position) {
	t.Helper()
	ctx := t.Context()
	wantEqual(t, "head", f.head(t), before)
	wantEqual(t, "changes", len(f.changes(t, before, 100)), 0)
	must(t, f.store.View(ctx, func(r storage.Reader) error {
		key, err := r.Key(ctx, "key_a")
		must(t, err)
		wantEqual(t, "old key", key.Status, keys.Active)
		_, err = r.Key(ctx, "key_new")
		wantErr(t, "new key", err, storage.ErrNotFound)
		_, err = r.Workspace(ctx, "acme")
		wantErr(t, "workspace", err, storage.ErrNotFound)
		_, err = r.Project(ctx, "acme", "p1")
		wantErr(t, "project", err, storage.ErrNotFound)
		_, err = r.Profile(ctx, "acme", "strict")
		wantErr(t, "profile", err, storage.ErrNotFound)
		standing, err := r.Workspace(ctx, storage.DefaultWorkspace)
		must(t, err)
		wantEqual(t, "plan", standing.Plan, "")
		_, err = r.TokenByDigest(ctx, digestOf("tok_a"))
		wantErr(t, "token", err, storage.ErrNotFound)
		entries, err := r.Audit(ctx, storage.AuditFilter{Workspace: storage.DefaultWorkspace, Limit: 10})
		must(t, err)
		wantEqual(t, "audit entries", len(entries), 0)
		return nil
	}))
}

func failedUpdate(t *testing.T, f *fixture) {
	f.insert(t, newKey("key_a"))
	before := f.head(t)
	called := 0
	f.store.OnCommit(func([]storage.Change) { called++ })
	_, err := f.store.Update(t.Context(), func(tx storage.Tx) error {
		must(t, writeEverything(t.Context(), tx))
		return fmt.Errorf("refused: %w", errOurs)
	})
	wantErr(t, "update", err, errOurs)
	wantEqual(t, "calls of OnCommit", called, 0)
	wantUntouched(t, f, before)
	f.update(t, writeEverything)
	wantEqual(t, "calls of OnCommit", called, 1)
}

func panickingUpdate(t *testing.T, f *fixture) {
	f.insert(t, newKey("key_a"))
	before := f.head(t)
	func() {
		defer func() { wantEqual(t, "recovered", recover(), any("ours")) }()
		_, _ = f.store.Update(t.Context(), func(tx storage.Tx) error {
			must(t, writeEverything(t.Context(), tx))
			panic("ours")
		})
	}()
	wantUntouched(t, f, before)
	f.update(t, writeEverything)
}

func swallowedFault(t *testing.T, f *fixture) {
	f.insert(t, newKey("key_a"))
	before := f.head(t)
	ended, end := context.WithCancel(t.Context())
	end()
	_, err := f.store.Update(t.Context(), func(tx storage.Tx) error {
		must(t, writeEverything(t.Context(), tx))
		_, _ = tx.Key(ended, "key_a")
		_ = tx.AppendAudit(t.Context(), storage.AuditEntry{ID: "more", Time: noon, Workspace: storage.DefaultWorkspace})
		return nil
	})
	wantUnknown(t, "update", err)
	wantUntouched(t, f, before)
}

func ownChanges(t *testing.T, f *fixture) {
	f.insert(t, newKey("key_a"))
	f.update(t, func(ctx context.Context, tx storage.Tx) error {
		must(t, writeEverything(ctx, tx))
		key, err := tx.Key(ctx, "key_a")
		must(t, err)
		wantEqual(t, "status", key.Status, keys.Revoked)
		count, err := tx.CountKeys(ctx, storage.DefaultWorkspace, noon)
		must(t, err)
		wantEqual(t, "keys", count, 1)
		return nil
	})
}

// numberedUpdates lets each Update write how many came before it, on two
// handles.
func numberedUpdates(t *testing.T, f *fixture) {
	const updates = 50
	stores := []storage.Store{f.store, f.place(t)}
	var mu sync.Mutex
	revisions := make(map[storage.Revision]string)
	atOnce(updates, func(i int) {
		var before int
		id := keys.ID("key_" + strconv.Itoa(i))
		revision, err := stores[i%2].Update(t.Context(), func(tx storage.Tx) (err error) {
			if before, err = tx.CountKeys(t.Context(), storage.DefaultWorkspace, noon); err != nil {
				return err
			}
			return tx.InsertKey(t.Context(), newKey(id))
		})
		if err != nil || int(revision) != before+1 {
			t.Errorf("update after %d others has revision %d (%v)", before, revision, err)
		}
		mu.Lock()
		defer mu.Unlock()
		revisions[revision] = string(id)
	})
	wantEqual(t, "revisions", len(revisions), updates)
	for i, change := range f.changes(t, storage.Position{}, 2*updates) {
		wantEqual(t, "revision", int(change.Revision), i+1)
		wantEqual(t, "name", change.Name, revisions[change.Revision])
	}
}

func auditOnly(t *testing.T, f *fixture) {
	revision := f.insert(t, newKey("key_a"))
	before := f.head(t)
	called := false
	f.store.OnCommit(func([]storage.Change) { called = true })
	same := f.update(t, func(ctx context.Context, tx storage.Tx) error {
		return tx.AppendAudit(ctx, storage.AuditEntry{ID: "entry", Time: noon})
	})
	wantEqual(t, "revision", same, revision)
	wantEqual(t, "revision", f.update(t, func(context.Context, storage.Tx) error { return nil }), revision)
	wantEqual(t, "head", f.head(t), before)
	wantEqual(t, "announced", called, false)
}

func viewSnapshot(t *testing.T, f *fixture) {
	f.insert(t, newKey("key_a"))
	must(t, f.store.View(t.Context(), func(r storage.Reader) error {
		f.update(t, writeEverything) // before the first read
		key, err := r.Key(t.Context(), "key_a")
		must(t, err)
		wantEqual(t, "status", key.Status, keys.Active)
		_, err = r.Key(t.Context(), "key_new")
		wantErr(t, "new key", err, storage.ErrNotFound)
		return nil
	}))
	wantEqual(t, "status", read(t, f.store, getKey("key_a")).Status, keys.Revoked)
	wantErr(t, "fn's error", f.store.View(t.Context(), func(storage.Reader) error { return errOurs }), errOurs)
}

// wholeUpdates changes two keys together while others read both.
func wholeUpdates(t *testing.T, f *fixture) {
	pair := []*keys.Key{newKey("key_a"), newKey("key_b")}
	f.insert(t, pair...)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := range 100 {
			_, err := f.store.Update(t.Context(), func(tx storage.Tx) error {
				pair[0].Description, pair[1].Description = strconv.Itoa(i), strconv.Itoa(i)
				return errors.Join(tx.UpdateKey(t.Context(), pair[0]), tx.UpdateKey(t.Context(), pair[1]))
			})
			if err != nil {
				t.Error(err)
			}
		}
	}()
	other := f.place(t)
	for running(done) {
		all := read(t, other, func(ctx context.Context, r storage.Reader) ([]keys.Key, error) {
			return r.Keys(ctx, storage.KeyFilter{Workspace: storage.DefaultWorkspace})
		})
		if len(all) != 2 || all[0].Description != all[1].Description {
			t.Errorf("got half an update: %v", slices.Collect(descriptions(all)))
			break
		}
	}
	<-done
}

func descriptions(all []keys.Key) func(func(string) bool) {
	return func(yield func(string) bool) {
		for i := range all {
			if !yield(all[i].Description) {
				return
			}
		}
	}
}
