package manage_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/manage"
	"github.com/keystile/keystile/internal/problem"
	"github.com/keystile/keystile/internal/storage"
)

// note stores calls as a gate would have noted them.
func (f *fixture) note(t *testing.T, calls ...storage.NotedCall) {
	t.Helper()
	err := f.store.ApplyUsage(t.Context(), storage.UsageBatch{Incarnation: "node", Sequence: 1, Calls: calls})
	if err != nil {
		t.Fatal(err)
	}
}

func TestActivityShowsTheLatestCallsAndWhatIsMissing(t *testing.T) {
	t.Parallel()
	f := setup(t)
	id := f.mustCreate(t, f.op, manage.NewKey{}).ID
	at := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	f.note(t,
		storage.NotedCall{KeyID: id, At: at, Method: "GET", Endpoint: "GET /a", Status: 200, Client: "192.0.2.7"},
		storage.NotedCall{KeyID: id, At: at.Add(time.Second), Method: "POST", Endpoint: "default", Status: 429, Denied: "rate_limited", Missed: 12},
	)
	got, err := f.KeyActivity(t.Context(), f.op, id, manage.ActivityQuery{})
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"data":[` +
		`{"time":"2026-11-22T09:00:01Z","method":"POST","route":"default","status":429,"outcome":"rate_limited","client":"","missed":12},` +
		`{"time":"2026-11-22T09:00:00Z","method":"GET","route":"GET /a","status":200,"outcome":"allowed","client":"192.0.2.7","missed":0}],"sampled":true}`
	if diff := cmp.Diff(want, string(text)); diff != "" {
		t.Errorf("activity (-want +got):\n%s", diff)
	}
	if latest, err := f.KeyActivity(t.Context(), f.op, id, manage.ActivityQuery{Limit: 1}); err != nil || len(latest.Data) != 1 || latest.Data[0].Method != "POST" {
		t.Errorf("the latest call: %+v, %v", latest, err)
	}
}

func TestActivityOfAnUnusedKeyIsAnEmptyList(t *testing.T) {
	t.Parallel()
	f := setup(t)
	got, err := f.KeyActivity(t.Context(), f.op, f.mustCreate(t, f.op, manage.NewKey{}).ID, manage.ActivityQuery{})
	if text, _ := json.Marshal(got); err != nil || string(text) != `{"data":[],"sampled":false}` {
		t.Errorf("%s, %v", text, err)
	}
}

func TestActivityIsForThoseWhoMayEnterOnly(t *testing.T) {
	t.Parallel()
	f := setup(t)
	id := f.mustCreate(t, f.op, manage.NewKey{}).ID
	_, err := f.KeyActivity(t.Context(), f.workspace(t, "rivals", ""), id, manage.ActivityQuery{})
	wantRefusal(t, err, problem.NotFound, "")
	f.project(t, f.op, "apollo")
	manager := f.mustCreate(t, f.op, manage.NewKey{Project: "apollo", Scopes: []string{keys.ScopeManageKeys}})
	by := manage.Call{Actor: manage.Actor{Kind: manage.ActorKey, ID: string(manager.ID), Workspace: "default", Address: home}}
	_, err = f.KeyActivity(t.Context(), by, id, manage.ActivityQuery{})
	wantRefusal(t, err, problem.NotFound, "")
	if _, err = f.KeyActivity(t.Context(), by, manager.ID, manage.ActivityQuery{}); err != nil {
		t.Errorf("of a key of its own project: %v", err)
	}
	_, err = f.KeyActivity(t.Context(), manage.Call{}, id, manage.ActivityQuery{})
	wantRefusal(t, err, problem.NotPermitted, "")
	for _, limit := range []int{-1, storage.ActivityKept + 1} {
		_, err = f.KeyActivity(t.Context(), f.op, id, manage.ActivityQuery{Limit: limit})
		wantRefusal(t, err, problem.InvalidRequest, "limit")
	}
	if _, err = f.KeyActivity(t.Context(), f.op, id, manage.ActivityQuery{Limit: storage.ActivityKept}); err != nil {
		t.Error(fmt.Errorf("the largest limit: %w", err))
	}
}

func TestAKeyOfAProjectSeesNoActivityOfOthers(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.project(t, f.op, "p1", "p2")
	manager := f.mustCreate(t, f.op, manage.NewKey{Project: "p1", Scopes: []string{keys.ScopeManageKeys}})
	mine, other := f.mustCreate(t, f.op, manage.NewKey{Project: "p1"}), f.mustCreate(t, f.op, manage.NewKey{Project: "p2"})
	actor, err := f.Authenticate(t.Context(), manager.Secret.Reveal(), "192.0.2.7")
	if err != nil {
		t.Fatal(err)
	}
	call := manage.Call{Actor: actor}
	if _, err := f.KeyActivity(t.Context(), call, mine.ID, manage.ActivityQuery{}); err != nil {
		t.Error(err)
	}
	_, err = f.KeyActivity(t.Context(), call, other.ID, manage.ActivityQuery{})
	wantRefusal(t, err, problem.NotFound, "")
}
