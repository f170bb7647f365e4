package manage_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/manage"
	"github.com/keystile/keystile/internal/problem"
	"github.com/keystile/keystile/internal/storage"
)

// observed has a gate observe refusals of keys, an hour ago.
func (f *fixture) observed(t *testing.T, counts map[keys.ID]int64) {
	t.Helper()
	batch := storage.UsageBatch{Incarnation: "node", Sequence: 1}
	for id, n := range counts {
		batch.Cells = append(batch.Cells, storage.UsageCell{
			KeyID: id, Hour: start.Add(-time.Hour).Truncate(time.Hour), Endpoint: "GET /v1/x", Outcome: storage.WouldBe + "insufficient_scope",
			Denied: true, Count: n, Last: start.Add(-time.Hour),
		})
	}
	if err := f.store.ApplyUsage(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
}

func TestAReportTellsEachWorkspaceOfItsOwn(t *testing.T) {
	t.Parallel()
	f := setup(t)
	rivals := f.workspace(t, "rivals", "")
	ours, gone, theirs := f.mustCreate(t, f.op, manage.NewKey{}), f.mustCreate(t, f.op, manage.NewKey{}), f.mustCreate(t, rivals, manage.NewKey{})
	if err := f.DeleteKey(t.Context(), f.op, gone.ID); err != nil {
		t.Fatal(err)
	}
	f.observed(t, map[keys.ID]int64{ours.ID: 1, gone.ID: 2, theirs.ID: 4, storage.StrangerID: 8})
	token := manage.Call{Actor: f.standing(t, manage.Actor{Kind: manage.ActorToken, ID: "tok_1", Workspace: "rivals"})}
	operator := f.standing(t, manage.Actor{Kind: manage.ActorOperator, ID: "tok_2"})
	for _, row := range []struct {
		by   manage.Call
		want int64
	}{
		{f.op, 15}, {manage.Call{Actor: operator}, 15}, {manage.Call{Actor: operator, Workspace: "default"}, 3}, {token, 4},
	} {
		got, err := f.ReportRefusals(t.Context(), row.by, manage.ReportQuery{From: "2h"})
		if err != nil || got.Total != row.want {
			t.Errorf("%s in %q: %+v, %v, want %d", row.by.Actor, row.by.Workspace, got, err, row.want)
		}
		for _, one := range got.Data {
			if one.Code != "insufficient_scope" || one.Route != "GET /v1/x" || (one.Name == "") != (one.KeyID == gone.ID || one.KeyID == "") {
				t.Errorf("told as %+v", one)
			}
		}
	}
	if got, err := f.ReportRefusals(t.Context(), f.op, manage.ReportQuery{From: "10m"}); err != nil || got.Total != 0 || got.Data == nil {
		t.Errorf("of this hour: %+v, %v", got, err)
	}
	_, err := f.ReportRefusals(t.Context(), f.op, manage.ReportQuery{From: "soon"})
	wantRefusal(t, err, problem.InvalidRequest, "from")
	byKey := f.keyActor(t, f.op, manage.NewKey{Scopes: manager()})
	_, err = f.ReportRefusals(t.Context(), byKey, manage.ReportQuery{})
	wantRefusal(t, err, problem.NotPermitted, "")
}

func TestAReportOfTooManyRowsHasTheMost(t *testing.T) {
	t.Parallel()
	f := setup(t)
	counts := map[keys.ID]int64{}
	for i := range 5010 {
		counts[keys.ID("key_"+strconv.Itoa(i))] = int64(i + 1)
	}
	f.observed(t, counts)
	got, err := f.ReportRefusals(t.Context(), f.op, manage.ReportQuery{})
	if err != nil || !got.More || len(got.Data) != 5000 || got.Data[0].Requests != 5010 || got.Data[4999].Requests != 11 {
		t.Errorf("%d rows, more: %v, %v", len(got.Data), got.More, err)
	}
}

func TestGatesAreToldToWhoTheyAreFor(t *testing.T) {
	t.Parallel()
	f := setup(t, func(c *manage.Config) {
		c.Gates = func() []manage.GateView {
			return []manage.GateView{{Place: "any"}, {Place: "ours", Workspace: "default"}, {Place: "theirs", Workspace: "rivals"}}
		}
	})
	cell := storage.UsageCell{
		KeyID: storage.UnlistedID, Hour: start.Truncate(time.Hour), Endpoint: "GET /v2", Project: "any", Outcome: "route_not_allowed",
		Denied: true, Count: 3, Last: start,
	}
	before := cell
	before.Hour, before.Last = cell.Hour.Add(-time.Hour), start.Add(-time.Hour)
	old := cell
	old.Hour = cell.Hour.Add(-25 * time.Hour)
	if err := f.store.ApplyUsage(t.Context(), storage.UsageBatch{Incarnation: "node", Sequence: 1, Cells: []storage.UsageCell{cell, before, old}}); err != nil {
		t.Fatal(err)
	}
	got, err := f.ListGates(t.Context(), f.op)
	if err != nil || len(got.Gates) != 3 || len(got.Unlisted) != 1 || got.Unlisted[0].Calls != 6 || !got.Unlisted[0].Last.Equal(start) {
		t.Errorf("a command: %+v, %v", got, err)
	}
	token := manage.Call{Actor: f.standing(t, manage.Actor{Kind: manage.ActorToken, ID: "tok_1", Workspace: "default"})}
	if got, err = f.ListGates(t.Context(), token); err != nil || len(got.Gates) != 2 || len(got.Unlisted) != 0 {
		t.Errorf("a token: %+v, %v", got, err)
	}
}
