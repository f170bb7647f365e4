package manage_test

import (
	"context"
	"errors"
	"testing"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/manage"
	"github.com/keystile/keystile/internal/storage"
)

var errUnrecorded = errors.New("the audit trail can't be written")

// unrecording is a store whose audit trail takes some entries of a transaction,
// and fails then.
type unrecording struct {
	storage.Store
	takes int
}

// Update implements storage.Store.
func (s *unrecording) Update(ctx context.Context, fn func(storage.Tx) error) (storage.Revision, error) {
	return s.Store.Update(ctx, func(tx storage.Tx) error { return fn(&unrecordingTx{Tx: tx, takes: s.takes}) })
}

type unrecordingTx struct {
	storage.Tx
	takes int
}

// AppendAudit implements storage.Tx.
func (t *unrecordingTx) AppendAudit(ctx context.Context, e storage.AuditEntry) error {
	if t.takes--; t.takes < 0 {
		return errUnrecorded
	}
	return t.Tx.AppendAudit(ctx, e)
}

func TestWhatCanNotBeRecordedIsNotDone(t *testing.T) {
	t.Parallel()
	f, made := edited(t)
	f.project(t, f.op, "idle")
	f.profile(t, f.op, "idle")
	paused := f.mustCreate(t, f.op, manage.NewKey{})
	f.mustEdit(t, f.op, paused.ID, manage.KeyEdit{Status: manage.Stated(keys.Inactive)})
	broken := &unrecording{Store: f.store}
	f.reconfigure(t, catalogue, func(c *manage.Config) { c.Store = broken })
	for name, row := range map[string]struct {
		takes   int
		attempt func(ctx context.Context) error
	}{
		"an edit": {0, func(ctx context.Context) error {
			_, err := f.EditKey(ctx, f.op, made.ID, manage.KeyEdit{Name: manage.Stated("half done")})
			return err
		}},
		"a reactivation": {0, func(ctx context.Context) error { _, err := f.ReactivateKey(ctx, f.op, paused.ID); return err }},
		"a revocation": {0, func(ctx context.Context) error {
			_, err := f.RevokeKey(ctx, f.op, made.ID, manage.Revocation{})
			return err
		}},
		"a rotation of the old": {0, func(ctx context.Context) error {
			_, err := f.RotateKey(ctx, f.op, made.ID, manage.Rotation{})
			return err
		}},
		"a rotation into the new": {1, func(ctx context.Context) error {
			_, err := f.RotateKey(ctx, f.op, made.ID, manage.Rotation{})
			return err
		}},
		"a deletion": {0, func(ctx context.Context) error { return f.DeleteKey(ctx, f.op, made.ID) }},
		"a new profile": {0, func(ctx context.Context) error {
			_, err := f.CreateProfile(ctx, f.op, manage.NewProfile{Name: "another"})
			return err
		}},
		"the end of a profile": {0, func(ctx context.Context) error { return f.DeleteProfile(ctx, f.op, "idle") }},
		"the end of a project": {0, func(ctx context.Context) error { return f.DeleteProject(ctx, f.op, "idle") }},
		"another plan": {0, func(ctx context.Context) error {
			_, err := f.EditWorkspace(ctx, f.op, "default", manage.WorkspaceEdit{Plan: manage.Stated("big")})
			return err
		}},
	} {
		t.Run(name, func(t *testing.T) {
			broken.takes = row.takes
			f.changesNothing(t, "default", func(ctx context.Context) {
				if err := row.attempt(ctx); !errors.Is(err, errUnrecorded) {
					t.Errorf("got %v, want that it can't be recorded", err)
				}
			})
			if rows, err := f.ListProfiles(t.Context(), f.op); err != nil || len(rows.Data) != 3 {
				t.Errorf("profiles: %+v, %v", rows.Data, err)
			}
		})
	}
}
