package manage_test

import (
	"context"
	"errors"
	"testing"

	"github.com/keystile/keystile/internal/manage"
	"github.com/keystile/keystile/internal/problem"
	"github.com/keystile/keystile/internal/storage"
)

func TestARequestIsExplainedInTheWorkspaceOfTheCall(t *testing.T) {
	t.Parallel()
	var asked []string
	f := setup(t, func(c *manage.Config) {
		c.Explain = func(_ context.Context, workspace string, ask manage.Question, _ *storage.Denial) (manage.Explained, error) {
			asked = append(asked, workspace+ask.Path)
			return manage.Explained{Outcome: "allowed"}, nil
		}
	})
	f.workspace(t, "acme", "")
	token := f.standing(t, manage.Actor{Kind: manage.ActorToken, ID: "tok_1", Workspace: "acme"})
	for _, call := range []manage.Call{{Actor: token}, f.op} {
		if got, err := f.ExplainRequest(t.Context(), call, manage.Question{Path: "/x"}); err != nil || got.Outcome != "allowed" {
			t.Errorf("%s: %+v, %v", call.Actor, got, err)
		}
	}
	if len(asked) != 2 || asked[0] != "acme/x" || asked[1] != "default/x" {
		t.Errorf("the gate was asked about %q", asked)
	}
	key := f.keyActor(t, f.op, manage.NewKey{Scopes: manager()})
	_, err := f.ExplainRequest(t.Context(), key, manage.Question{Path: "/x"})
	wantRefusal(t, err, problem.NotPermitted, "")
	_, err = f.ExplainRequest(t.Context(), manage.Call{Actor: token, Workspace: "default"}, manage.Question{Path: "/x"})
	wantRefusal(t, err, problem.WorkspaceMismatch, "workspace")
	_, err = f.ExplainRequest(t.Context(), manage.Call{Actor: f.op.Actor, Workspace: "nobodys"}, manage.Question{Path: "/x"})
	wantRefusal(t, err, problem.NotFound, "")
	if len(asked) != 2 {
		t.Errorf("a refused call asked the gate: %q", asked)
	}
}

func TestWithoutGatesNothingIsExplained(t *testing.T) {
	t.Parallel()
	f := setup(t)
	if _, err := f.ExplainRequest(t.Context(), f.op, manage.Question{Path: "/x"}); !errors.Is(err, manage.ErrNoGates) {
		t.Error(err)
	}
}
