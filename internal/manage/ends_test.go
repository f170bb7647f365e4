package manage_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/manage"
	"github.com/keystile/keystile/internal/problem"
	"github.com/keystile/keystile/internal/storage"
)

func TestAPauseEndsByReactivation(t *testing.T) {
	t.Parallel()
	f := setup(t)
	made := f.mustCreate(t, f.op, manage.NewKey{})
	f.mustEdit(t, f.op, made.ID, manage.KeyEdit{Status: manage.Stated(keys.Inactive)})
	if got, err := f.ReactivateKey(t.Context(), f.op, made.ID); err != nil || got.Status != keys.Active || got.ETag != made.ETag {
		t.Fatalf("reactivated: %+v, %v", got, err)
	}
	entry := f.audit(t, "default")[0]
	if entry.Action != "key.reactivate" || entry.KeyID != made.ID || entry.Changes["status"] != (storage.FieldChange{From: "inactive", To: "active"}) {
		t.Errorf("recorded %+v", entry)
	}
	f.changesNothing(t, "default", func(ctx context.Context) {
		if got, err := f.ReactivateKey(ctx, f.op, made.ID); err != nil || got.Status != keys.Active {
			t.Errorf("reactivated again: %+v, %v", got, err)
		}
	})
}

func TestARevocationIsUndoneOnlyWhereItCanBe(t *testing.T) {
	t.Parallel()
	f := setup(t)
	made := f.mustCreate(t, f.op, manage.NewKey{})
	f.mustEdit(t, f.op, made.ID, manage.KeyEdit{Status: manage.Stated(keys.Inactive)})
	f.mustRevoke(t, f.op, made.ID)
	f.changesNothing(t, "default", func(ctx context.Context) {
		_, err := f.ReactivateKey(ctx, f.op, made.ID)
		wantRefusal(t, err, problem.RevocationPermanent, "")
	})
	f.reconfigure(t, reversible)
	if got, err := f.ReactivateKey(t.Context(), f.op, made.ID); err != nil || got.Status != keys.Active {
		t.Errorf("reactivated: %+v, %v", got, err)
	}
}

func TestNoReactivationHelpsAgainstExpiry(t *testing.T) {
	t.Parallel()
	f := setup(t, reversible)
	for name, prepare := range map[string]func(id keys.ID){
		"active":   func(keys.ID) {},
		"inactive": func(id keys.ID) { f.mustEdit(t, f.op, id, manage.KeyEdit{Status: manage.Stated(keys.Inactive)}) },
		"revoked":  func(id keys.ID) { f.mustRevoke(t, f.op, id) },
	} {
		made := f.mustCreate(t, f.op, manage.NewKey{ExpiresIn: "1h"})
		prepare(made.ID)
		f.advance(time.Hour)
		f.changesNothing(t, "default", func(ctx context.Context) {
			t.Log(name)
			_, err := f.ReactivateKey(ctx, f.op, made.ID)
			wantRefusal(t, err, problem.KeyNotActive, "")
		})
	}
}

// Three of one line would count as one or two keys, as one looks at it.
func TestOfALineOfReplacementsNoMoreThanTwoWork(t *testing.T) {
	t.Parallel()
	f := setup(t, reversible)
	first := f.mustCreate(t, f.op, manage.NewKey{})
	second := f.mustRotate(t, f.op, first.ID, "24h")
	f.mustRevoke(t, f.op, first.ID)
	if _, err := f.ReactivateKey(t.Context(), f.op, first.ID); err != nil {
		t.Fatalf("in its grace: %v", err)
	}
	f.mustRevoke(t, f.op, first.ID)
	f.mustRotate(t, f.op, second.ID, "24h")
	f.changesNothing(t, "default", func(ctx context.Context) {
		_, err := f.ReactivateKey(ctx, f.op, first.ID)
		wantRefusal(t, err, problem.RotationInProgress, "")
	})
	f.mustDelete(t, f.op, second.ID)
	if _, err := f.ReactivateKey(t.Context(), f.op, first.ID); err != nil {
		t.Errorf("once the second is gone: %v", err)
	}
}

func TestADeletedKeyIsGoneAndItsTrailAndUsageStay(t *testing.T) {
	t.Parallel()
	f, made := edited(t)
	f.count(t, storage.UsageCell{KeyID: made.ID, Hour: start.Truncate(time.Hour), Endpoint: "GET /a", Outcome: "2xx", Count: 7, Last: start})
	f.mustDelete(t, f.op, made.ID)
	if key := f.find(t, made.Secret.Reveal()); key != nil {
		t.Errorf("its secret finds %s", key.ID)
	}
	if rows := f.mustList(t, f.op, manage.KeyQuery{}); len(rows.Data) != 0 {
		t.Errorf("listed: %+v", rows.Data)
	}
	entry := f.audit(t, "default")[0]
	want := changes{
		"name": {From: "first name"}, "description": {From: "words"}, "status": {From: "active"}, "kind": {From: "project"},
		"environment": {From: "live"}, "scopes": {From: []any{"read", "write"}}, "project": {From: "apollo"}, "profile": {From: "strict"},
		"expires_at":  {From: start.Add(10 * 24 * time.Hour).Format(time.RFC3339Nano)},
		"allowed_ips": {From: []any{"127.0.0.1"}}, "metadata": {From: map[string]any{"team": "blue"}},
	}
	if entry.Action != "key.delete" || entry.KeyID != made.ID {
		t.Errorf("recorded %+v", entry)
	}
	if diff := cmp.Diff(want, entry.Changes); diff != "" {
		t.Errorf("recorded (-want +got):\n%s", diff)
	}
	if got, err := f.KeyUsage(t.Context(), f.op, made.ID, manage.UsageQuery{}); err != nil || got.Total != 7 {
		t.Errorf("its usage: %+v, %v", got, err)
	}
	for what, attempt := range f.onKey(made.ID) {
		if what != "usage" {
			t.Run(what, func(t *testing.T) { wantRefusal(t, attempt(f.op), problem.NotFound, "") })
		}
	}
}

// onKey is every call about one key.
func (f *fixture) onKey(id keys.ID) map[string]func(manage.Call) error {
	ctx := context.Background()
	return map[string]func(manage.Call) error{
		"show":       func(c manage.Call) error { _, err := f.ShowKey(ctx, c, id); return err },
		"edit":       func(c manage.Call) error { _, err := f.EditKey(ctx, c, id, manage.KeyEdit{}); return err },
		"revoke":     func(c manage.Call) error { _, err := f.RevokeKey(ctx, c, id, manage.Revocation{}); return err },
		"reactivate": func(c manage.Call) error { _, err := f.ReactivateKey(ctx, c, id); return err },
		"rotate":     func(c manage.Call) error { _, err := f.RotateKey(ctx, c, id, manage.Rotation{}); return err },
		"delete":     func(c manage.Call) error { return f.DeleteKey(ctx, c, id) },
		"usage":      func(c manage.Call) error { _, err := f.KeyUsage(ctx, c, id, manage.UsageQuery{}); return err },
	}
}

// The trail tells that somebody tried, and neither it nor the
// answer tells whether another workspace has such a key.
func TestMGMT04ENUM03EveryCallAboutAnotherWorkspacesKeyIsRecordedAndNotFound(t *testing.T) {
	t.Parallel()
	f := setup(t)
	rivals := f.workspace(t, "rivals", "")
	theirs, deleted := f.mustCreate(t, rivals, manage.NewKey{}), f.mustCreate(t, rivals, manage.NewKey{})
	f.mustDelete(t, rivals, deleted.ID)
	token := manage.Call{Actor: f.standing(t, manage.Actor{Kind: manage.ActorToken, ID: "tok_ours", Name: "ours", Workspace: "default", Address: "192.0.2.7"})}
	before := f.holding(t, "rivals")
	texts := map[string]bool{}
	for _, id := range []keys.ID{theirs.ID, deleted.ID, "key_nobody"} {
		f.advance(time.Minute) // so that each refused read has an entry of its own
		for what, attempt := range f.onKey(id) {
			err := attempt(token)
			t.Run(what, func(t *testing.T) { wantRefusal(t, err, problem.NotFound, "") })
			texts[marshal(t, manage.ProblemOf(err))] = true
			entry := f.audit(t, "default")[0]
			entry.ID = ""
			want := storage.AuditEntry{
				Time: f.clock(), Workspace: "default", Actor: "token:ours (tok_ours)", Action: "key." + what + ".refused", Client: "192.0.2.7",
			}
			if diff := cmp.Diff(want, entry); diff != "" {
				t.Errorf("recorded (-want +got):\n%s", diff)
			}
		}
	}
	if len(texts) != 1 {
		t.Errorf("the answers tell keys apart: %v", texts)
	}
	if diff := cmp.Diff(before, f.holding(t, "rivals")); diff != "" {
		t.Errorf("something was changed (-want +got):\n%s", diff)
	}
}
