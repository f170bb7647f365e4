package manage_test

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/manage"
	"github.com/keystile/keystile/internal/problem"
	"github.com/keystile/keystile/internal/storage"
)

// damage spoils a key's row as no call can.
func (f *fixture) damage(t *testing.T, id keys.ID, how string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(f.dir, "keys.db")+"?_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), "UPDATE keys SET "+how+" WHERE id = ?", id); err != nil {
		t.Fatal(err)
	}
}

var damages = []string{"scopes = '[1]'", "status = 'ACTIVE'", "digest = substr(digest, 1, 31)", "workspace = ''", "environment = '', allowed_ips = ''"}

func TestDATA04AKeyWhoseRecordIsDamagedCanBeEndedForGood(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.project(t, f.op, "apollo")
	for _, how := range damages {
		revoked := f.mustCreate(t, f.op, manage.NewKey{Project: "apollo", Scopes: []string{"read"}})
		deleted := f.mustCreate(t, f.op, manage.NewKey{})
		f.damage(t, revoked.ID, how)
		f.damage(t, deleted.ID, how)
		if _, err := f.ShowKey(t.Context(), f.op, revoked.ID); !errors.Is(err, storage.ErrDamaged) {
			t.Fatalf("%s: %v", how, err)
		}

		out, err := f.RevokeKey(t.Context(), f.op, revoked.ID, manage.Revocation{Reason: "damaged"})
		if err != nil || out.Status != keys.Revoked || out.Workspace != "default" || out.Project != "apollo" || len(out.Scopes) != 0 {
			t.Errorf("%s: revoked as %+v, %v", how, out.KeyView, err)
		}
		f.wantEntry(t, "key.revoke", revoked.ID, map[string]storage.FieldChange{"record": {From: "damaged"}, "status": {To: "revoked"}})
		if shown := f.mustShow(t, f.op, revoked.ID); shown.Status != keys.Revoked {
			t.Errorf("%s: it is now %+v", how, shown)
		}
		if found, _, err := storage.NewFinder(f.store, f.hasher).Find(t.Context(), revoked.Secret.Reveal()); err != nil || found.Key != nil {
			t.Errorf("%s: its secret finds %+v, %v", how, found.Key, err)
		}
		again, err := f.RevokeKey(t.Context(), f.op, revoked.ID, manage.Revocation{})
		if err != nil || again.Receipt.Revision != out.Receipt.Revision {
			t.Errorf("%s: again %+v, %v", how, again.Receipt, err)
		}

		f.mustDelete(t, f.op, deleted.ID)
		f.wantEntry(t, "key.delete", deleted.ID, map[string]storage.FieldChange{"record": {From: "damaged"}})
		_, err = f.ShowKey(t.Context(), f.op, deleted.ID)
		wantRefusal(t, err, problem.NotFound, "")
	}
}

// wantEntry checks the newest entry of the trail.
func (f *fixture) wantEntry(t *testing.T, action string, id keys.ID, want map[string]storage.FieldChange) {
	t.Helper()
	got := f.audit(t, "default")[0]
	if diff := cmp.Diff(want, got.Changes); got.Action != action || got.KeyID != id || diff != "" {
		t.Errorf("recorded %s of %s (-want +got):\n%s", got.Action, got.KeyID, diff)
	}
}

func TestENUM03ADamagedKeyOutOfReachIsNotFound(t *testing.T) {
	t.Parallel()
	f := setup(t)
	rivals := f.workspace(t, "rivals", "")
	f.project(t, f.op, "apollo", "gemini")
	theirs := f.mustCreate(t, rivals, manage.NewKey{})
	ofGemini := f.mustCreate(t, f.op, manage.NewKey{Project: "gemini"})
	by := f.keyActor(t, f.op, manage.NewKey{Scopes: manager(), Project: "apollo"})
	for _, id := range []keys.ID{theirs.ID, ofGemini.ID} {
		f.damage(t, id, "scopes = 'read'")
		for what, attempt := range f.onKey(id) {
			err := attempt(by)
			t.Run(what, func(t *testing.T) { wantRefusal(t, err, problem.NotFound, "") })
		}
	}
	for _, id := range []keys.ID{theirs.ID, ofGemini.ID} {
		err := f.store.View(t.Context(), func(r storage.Reader) error {
			_, err := r.Key(context.Background(), id)
			return err
		})
		if !errors.Is(err, storage.ErrDamaged) {
			t.Errorf("%s is as it was no more: %v", id, err)
		}
	}
}
