package manage_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/manage"
	"github.com/keystile/keystile/internal/storage"
)

// reversible lets revoked keys come back.
func reversible(c *manage.Config) { c.Reversible = true }

func (f *fixture) mustShow(t *testing.T, call manage.Call, id keys.ID) manage.KeyView {
	t.Helper()
	shown, err := f.ShowKey(t.Context(), call, id)
	if err != nil {
		t.Fatal(err)
	}
	return shown
}

func (f *fixture) mustEdit(t *testing.T, call manage.Call, id keys.ID, edit manage.KeyEdit) manage.KeyView {
	t.Helper()
	edited, err := f.EditKey(t.Context(), call, id, edit)
	if err != nil {
		t.Fatalf("edit %+v: %v", edit, err)
	}
	return edited
}

func (f *fixture) mustRotate(t *testing.T, call manage.Call, id keys.ID, grace string) manage.CreatedKey {
	t.Helper()
	made, err := f.RotateKey(t.Context(), call, id, manage.Rotation{Grace: grace})
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func (f *fixture) mustRevoke(t *testing.T, call manage.Call, id keys.ID) {
	t.Helper()
	if _, err := f.RevokeKey(t.Context(), call, id, manage.Revocation{}); err != nil {
		t.Fatal(err)
	}
}

func (f *fixture) mustDelete(t *testing.T, call manage.Call, id keys.ID) {
	t.Helper()
	if err := f.DeleteKey(t.Context(), call, id); err != nil {
		t.Fatal(err)
	}
}

func (f *fixture) profile(t *testing.T, call manage.Call, names ...string) {
	t.Helper()
	for _, name := range names {
		if _, err := f.CreateProfile(t.Context(), call, manage.NewProfile{Name: name}); err != nil {
			t.Fatal(err)
		}
	}
}

// holding is all that a store holds of a workspace and that a refusal must leave
// as it is.
type holding struct {
	Head   storage.Position
	Keys   []keys.Key
	Trail  []storage.AuditEntry
	Places storage.Catalogue
}

func (f *fixture) holding(t *testing.T, workspace string) holding {
	t.Helper()
	ctx := t.Context()
	s := holding{Trail: f.audit(t, workspace)}
	var err error
	if s.Head, err = f.store.Confirm(ctx); err != nil {
		t.Fatal(err)
	}
	if s.Places, err = f.store.Catalogue(ctx); err != nil {
		t.Fatal(err)
	}
	err = f.store.View(ctx, func(r storage.Reader) (err error) {
		s.Keys, err = r.Keys(ctx, storage.KeyFilter{Workspace: workspace, Now: f.clock()})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// changesNothing runs what must change nothing.
func (f *fixture) changesNothing(t *testing.T, workspace string, attempt func(context.Context)) {
	t.Helper()
	before := f.holding(t, workspace)
	attempt(t.Context())
	if diff := cmp.Diff(before, f.holding(t, workspace)); diff != "" {
		t.Errorf("something was changed (-want +got):\n%s", diff)
	}
}
