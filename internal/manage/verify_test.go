package manage_test

import (
	"context"
	"testing"

	"github.com/keystile/keystile/internal/manage"
	"github.com/keystile/keystile/internal/problem"
)

// verifying is a manager beside a gate that notes for which workspaces it is
// asked.
func verifying(t *testing.T) (f *fixture, asked *[]string) {
	t.Helper()
	asked = new([]string)
	f = setup(t, func(c *manage.Config) {
		c.Decide = func(_ context.Context, workspace string, ask manage.Verification) (manage.Verified, error) {
			*asked = append(*asked, workspace)
			return manage.Verified{Valid: true, Code: "allowed", Message: ask.Key}, nil
		}
	})
	return f, asked
}

func TestAKeyIsVerifiedInTheWorkspaceOfTheCall(t *testing.T) {
	t.Parallel()
	f, asked := verifying(t)
	f.workspace(t, "acme", "")
	token := manage.Call{Actor: f.standing(t, manage.Actor{Kind: manage.ActorToken, ID: "tok_1", Workspace: "acme"})}
	operator := f.standing(t, manage.Actor{Kind: manage.ActorOperator, ID: "tok_2"})
	for _, call := range []manage.Call{token, {Actor: operator}, {Actor: operator, Workspace: "acme"}} {
		got, err := f.VerifyKey(t.Context(), call, manage.Verification{Key: "x"})
		if err != nil || !got.Valid || got.Message != "x" {
			t.Errorf("%+v: %+v, %v", call, got, err)
		}
	}
	if len(*asked) != 3 || (*asked)[0] != "acme" || (*asked)[1] != "default" || (*asked)[2] != "acme" {
		t.Errorf("the gate was asked for %q", *asked)
	}
}

func TestVerifyingIsRefusedAndRecordedAsEveryOtherCall(t *testing.T) {
	t.Parallel()
	f, asked := verifying(t)
	f.workspace(t, "rivals", "")
	token := f.standing(t, manage.Actor{Kind: manage.ActorToken, ID: "tok_1", Workspace: "default"})
	key := f.keyActor(t, f.op, manage.NewKey{Scopes: manager()})
	_, err := f.VerifyKey(t.Context(), manage.Call{Actor: f.op.Actor, Workspace: "nobodys"}, manage.Verification{Key: "x"})
	wantRefusal(t, err, problem.NotFound, "")
	for call, code := range map[manage.Call]problem.Code{
		{Actor: token, Workspace: "rivals"}: problem.WorkspaceMismatch, key: problem.NotPermitted,
	} {
		_, err := f.VerifyKey(t.Context(), call, manage.Verification{Key: "x"})
		if manage.ProblemOf(err).Code != code {
			t.Errorf("%s: %v, want %s", call.Actor, err, code)
		}
		if got := f.tried(t, call); got.Action != "key.verify.refused" {
			t.Errorf("recorded as %+v", got)
		}
	}
	if err := f.DeleteToken(t.Context(), f.op, "tok_1"); err != nil {
		t.Fatal(err)
	}
	_, err = f.VerifyKey(t.Context(), manage.Call{Actor: token}, manage.Verification{Key: "x"})
	wantRefusal(t, err, problem.InvalidToken, "")
	if len(*asked) != 0 {
		t.Errorf("a gate was asked for %q", *asked)
	}
}

func TestWithoutGatesNoKeyIsVerified(t *testing.T) {
	t.Parallel()
	f := setup(t)
	if got, err := f.VerifyKey(t.Context(), f.op, manage.Verification{Key: "x"}); err == nil || got.Valid {
		t.Errorf("%+v, %v", got, err)
	}
}
