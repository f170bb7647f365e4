package manage_test

import (
	"testing"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/manage"
	"github.com/keystile/keystile/internal/problem"
	"github.com/keystile/keystile/internal/storage"
)

func TestRevokingEndsAKeyAndIsRecordedOnce(t *testing.T) {
	t.Parallel()
	f := setup(t)
	made := f.mustCreate(t, f.op, manage.NewKey{})
	call := f.op
	call.Actor.Address = "192.0.2.7"
	f.advance(time.Minute)
	for range 2 {
		got, err := f.RevokeKey(t.Context(), call, made.ID, manage.Revocation{Reason: "leaked"})
		if err != nil || got.Status != keys.Revoked || got.ID != made.ID {
			t.Fatalf("revoked: %+v, %v", got, err)
		}
	}
	trail := f.audit(t, "default")
	if len(trail) != 2 {
		t.Fatalf("%d entries, want one for the creation and one for the end: %+v", len(trail), trail)
	}
	got := trail[0]
	if got.Action != "key.revoke" || got.KeyID != made.ID || got.Reason != "leaked" || got.Client != "192.0.2.7" ||
		got.Actor != "command:ann" || !got.Time.Equal(start.Add(time.Minute)) {
		t.Errorf("recorded %+v", got)
	}
	if change := got.Changes["status"]; change.From != "active" || change.To != "revoked" {
		t.Errorf("recorded the change %+v", change)
	}
	if shown, err := f.ShowKey(t.Context(), f.op, made.ID); err != nil || shown.Status != keys.Revoked {
		t.Errorf("shown as %s, %v", shown.Status, err)
	}
}

func TestRevocationsWithABadReasonChangeNothing(t *testing.T) {
	t.Parallel()
	f := setup(t)
	made := f.mustCreate(t, f.op, manage.NewKey{})
	_, err := f.RevokeKey(t.Context(), f.op, made.ID, manage.Revocation{Reason: "two\nlines"})
	wantRefusal(t, err, problem.InvalidRequest, "reason")
	if shown, _ := f.ShowKey(t.Context(), f.op, made.ID); shown.Status != keys.Active {
		t.Errorf("the key is %s", shown.Status)
	}
}

func TestENUM03AnotherWorkspacesKeyIsNotFoundLikeAnyOther(t *testing.T) {
	t.Parallel()
	f := setup(t)
	rivals := f.workspace(t, "rivals", "")
	theirs := f.mustCreate(t, rivals, manage.NewKey{})
	token := manage.Call{Actor: f.standing(t, manage.Actor{Kind: manage.ActorToken, Name: "ours", Workspace: "default"})}
	var texts []string
	for _, id := range []keys.ID{theirs.ID, "key_nobody", "", "key with spaces"} {
		for _, call := range []manage.Call{f.op, token} {
			_, err := f.ShowKey(t.Context(), call, id)
			wantRefusal(t, err, problem.NotFound, "")
			texts = append(texts, err.Error())
			_, err = f.RevokeKey(t.Context(), call, id, manage.Revocation{})
			wantRefusal(t, err, problem.NotFound, "")
			_, err = f.KeyUsage(t.Context(), call, id, manage.UsageQuery{})
			wantRefusal(t, err, problem.NotFound, "")
		}
	}
	for _, text := range texts {
		if text != texts[0] {
			t.Errorf("%q and %q tell keys apart", text, texts[0])
		}
	}
	if shown, err := f.ShowKey(t.Context(), rivals, theirs.ID); err != nil || shown.Status != keys.Active {
		t.Errorf("their key is %s, %v", shown.Status, err)
	}
}

func TestStatusFollowsTheClock(t *testing.T) {
	t.Parallel()
	f := setup(t)
	made := f.mustCreate(t, f.op, manage.NewKey{ExpiresIn: "1h"})
	f.advance(time.Hour - time.Microsecond)
	if shown, _ := f.ShowKey(t.Context(), f.op, made.ID); shown.Status != keys.Active {
		t.Errorf("just before its end it is %s", shown.Status)
	}
	f.advance(time.Microsecond)
	if shown, _ := f.ShowKey(t.Context(), f.op, made.ID); shown.Status != keys.Expired {
		t.Errorf("at its end it is %s", shown.Status)
	}
	if revoked, _ := f.RevokeKey(t.Context(), f.op, made.ID, manage.Revocation{}); revoked.Status != keys.Revoked {
		t.Errorf("revoked after its end it is %s", revoked.Status)
	}
}

func TestViewsShowWhatWasCounted(t *testing.T) {
	t.Parallel()
	f := setup(t)
	used, idle := f.mustCreate(t, f.op, manage.NewKey{}), f.mustCreate(t, f.op, manage.NewKey{})
	last := start.Add(5 * time.Minute)
	f.count(t, storage.UsageCell{KeyID: used.ID, Hour: start.Truncate(time.Hour), Endpoint: "GET /a", Outcome: "2xx", Count: 7, Last: last})
	shown, err := f.ShowKey(t.Context(), f.op, used.ID)
	if err != nil || shown.TotalCalls != 7 || shown.LastUsedAt == nil || !shown.LastUsedAt.Equal(last) {
		t.Errorf("shown with %d calls, last at %v, %v", shown.TotalCalls, shown.LastUsedAt, err)
	}
	for _, row := range f.mustList(t, f.op, manage.KeyQuery{}).Data {
		if want := map[keys.ID]int64{used.ID: 7, idle.ID: 0}[row.ID]; row.TotalCalls != want || (row.LastUsedAt == nil) != (want == 0) {
			t.Errorf("%s is listed with %d calls, last at %v", row.ID, row.TotalCalls, row.LastUsedAt)
		}
	}
}

// count stores what a gate would have counted.
func (f *fixture) count(t *testing.T, cells ...storage.UsageCell) {
	t.Helper()
	err := f.store.ApplyUsage(t.Context(), storage.UsageBatch{Incarnation: "node", Sequence: 1, Cells: cells})
	if err != nil {
		t.Fatal(err)
	}
}
