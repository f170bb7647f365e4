package manage_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/manage"
	"github.com/keystile/keystile/internal/problem"
	"github.com/keystile/keystile/internal/storage"
)

// setupDenials has refusals in the store: of a key of acme, of one of default,
// and of a request without one. Of what the gate is asked, recall notes it.
func setupDenials(t *testing.T) (f *fixture, recall *[]string) {
	t.Helper()
	recall = new([]string)
	f = setup(t, func(c *manage.Config) {
		c.Explain = func(_ context.Context, workspace string, ask manage.Question, then *storage.Denial) (manage.Explained, error) {
			if (ask != manage.Question{}) {
				t.Errorf("asked %+v beside a refusal", ask)
			}
			*recall = append(*recall, workspace+" "+then.RequestID)
			return manage.Explained{Outcome: "allowed"}, nil
		}
	})
	f.workspace(t, "acme", "")
	inAcme := f.op
	inAcme.Workspace = "acme"
	of := map[string]keys.ID{"r-acme": f.mustCreate(t, inAcme, manage.NewKey{}).ID, "r-default": f.mustCreate(t, f.op, manage.NewKey{}).ID, "r-stranger": ""}
	batch := storage.UsageBatch{Incarnation: "denials", Sequence: 1}
	for id, key := range of {
		batch.Denials = append(batch.Denials, storage.Denial{RequestID: id, KeyID: key, At: start.Add(-time.Minute), Code: "ip_not_allowed"})
	}
	if err := f.store.ApplyUsage(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
	return f, recall
}

func TestARefusalIsTheBusinessOfItsKeysWorkspaceAndOfOperators(t *testing.T) {
	t.Parallel()
	f, recall := setupDenials(t)
	operator := manage.Call{Actor: f.standing(t, manage.Actor{Kind: manage.ActorOperator, ID: "tok_op"})}
	acme := manage.Call{Actor: f.standing(t, manage.Actor{Kind: manage.ActorToken, ID: "tok_1", Workspace: "acme"})}
	for _, c := range []struct {
		call manage.Call
		id   string
		want string // what the gate is asked; empty: nobody is
	}{
		{f.op, "r-acme", "acme r-acme"}, {f.op, "r-default", "default r-default"}, {f.op, "r-stranger", " r-stranger"},
		{operator, "r-acme", "acme r-acme"}, {operator, "r-stranger", " r-stranger"},
		{acme, "r-acme", "acme r-acme"}, {acme, "r-default", ""}, {acme, "r-stranger", ""},
		{f.op, "r-nobody", ""}, {f.op, "r nobody", ""}, {f.op, strings.Repeat("x", 10_000), ""},
	} {
		*recall = nil
		got, err := f.ExplainRequest(t.Context(), c.call, manage.Question{RequestID: c.id})
		if c.want != "" {
			if err != nil || got.Outcome != "allowed" || len(*recall) != 1 || (*recall)[0] != c.want {
				t.Errorf("%s to %s: %+v, %v, asked %q", c.id, c.call.Actor, got, err, *recall)
			}
			continue
		}
		wantRefusal(t, err, problem.NotFound, "")
		if len(*recall) > 0 {
			t.Errorf("%s to %s: the gate was asked %q", c.id, c.call.Actor, *recall)
		}
	}
	key := f.keyActor(t, f.op, manage.NewKey{Scopes: manager()})
	_, err := f.ExplainRequest(t.Context(), key, manage.Question{RequestID: "r-default"})
	wantRefusal(t, err, problem.NotPermitted, "")
}

func TestARefusalIsAskedForByItsIDAlone(t *testing.T) {
	t.Parallel()
	f, _ := setupDenials(t)
	for _, ask := range []manage.Question{{Path: "/"}, {KeyID: "key_1"}, {Gate: ":443"}, {Client: "192.0.2.7"}} {
		ask.RequestID = "r-acme"
		_, err := f.ExplainRequest(t.Context(), f.op, ask)
		wantRefusal(t, err, problem.InvalidRequest, "request_id")
	}
}
