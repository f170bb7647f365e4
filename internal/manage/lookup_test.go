package manage_test

import (
	"testing"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/manage"
	"github.com/keystile/keystile/internal/problem"
)

// whose looks a secret up.
func (f *fixture) whose(t *testing.T, call manage.Call, secret keys.Secret) manage.SecretView {
	t.Helper()
	got, err := f.LookUpSecret(t.Context(), call, manage.SecretQuery{Secret: secret.Reveal()})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestASecretIsLookedUpWithItsStatusAndNotUsed(t *testing.T) {
	t.Parallel()
	f := setup(t)
	made := f.mustCreate(t, f.op, manage.NewKey{ExpiresIn: "1h"})
	token, err := f.CreateToken(t.Context(), f.op, manage.NewToken{Name: "deploy", ExpiresIn: "1h"})
	if err != nil {
		t.Fatal(err)
	}
	key := manage.SecretView{Kind: "key", Status: "active", ID: string(made.ID), Name: made.Name, Workspace: "default"}
	of := manage.SecretView{Kind: "token", Status: "active", ID: token.ID, Name: "deploy", Workspace: "default"}
	unknown := manage.SecretView{Kind: "unknown", Status: "unknown"}
	for _, row := range []struct {
		secret keys.Secret
		want   manage.SecretView
	}{
		{made.Secret, key}, {token.Secret, of}, {keys.NewSecret("no key at all"), unknown},
		{f.config.Format.Mint(keys.Live), unknown}, {keys.MintToken(), unknown},
	} {
		if got := f.whose(t, f.op, row.secret); got != row.want {
			t.Errorf("got %+v, want %+v", got, row.want)
		}
	}
	f.mustEdit(t, f.op, made.ID, manage.KeyEdit{Status: manage.Stated(keys.Inactive)})
	if got := f.whose(t, f.op, made.Secret); got.Status != "inactive" {
		t.Errorf("a paused key is %s", got.Status)
	}
	f.advance(2 * time.Hour)
	for _, secret := range []keys.Secret{made.Secret, token.Secret} {
		if got := f.whose(t, f.op, secret); got.Status != "expired" {
			t.Errorf("behind its end it is %s", got.Status)
		}
	}
	if seen, err := f.ShowKey(t.Context(), f.op, made.ID); err != nil || seen.TotalCalls != 0 || seen.LastUsedAt != nil {
		t.Errorf("looking it up was a use of it: %+v, %v", seen, err)
	}
}

func TestAnotherWorkspacesSecretIsUnknownToWhoMayNotEnterIt(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.workspace(t, "rivals", "")
	made := f.mustCreate(t, f.op, manage.NewKey{})
	theirs := f.mustCreate(t, manage.Call{Actor: f.op.Actor, Workspace: "rivals"}, manage.NewKey{})
	token := manage.Call{Actor: f.standing(t, manage.Actor{Kind: manage.ActorToken, ID: "tok_1", Workspace: "default"})}
	operator := f.standing(t, manage.Actor{Kind: manage.ActorOperator, ID: "tok_2"})
	for _, row := range []struct {
		by     manage.Call
		secret keys.Secret
		want   string
	}{
		{token, made.Secret, "default"},
		{token, theirs.Secret, ""},
		{manage.Call{Actor: operator}, theirs.Secret, "rivals"},
		{manage.Call{Actor: operator, Workspace: "rivals"}, theirs.Secret, "rivals"},
		{manage.Call{Actor: operator, Workspace: "rivals"}, made.Secret, ""},
	} {
		got := f.whose(t, row.by, row.secret)
		if got.Workspace != row.want || (got.ID == "") != (row.want == "") {
			t.Errorf("%s in %q: %+v, want one of %q", row.by.Actor, row.by.Workspace, got, row.want)
		}
	}
	byKey := f.keyActor(t, f.op, manage.NewKey{Scopes: manager()})
	_, err := f.LookUpSecret(t.Context(), byKey, manage.SecretQuery{Secret: made.Secret.Reveal()})
	wantRefusal(t, err, problem.NotPermitted, "")
	_, err = f.LookUpSecret(t.Context(), f.op, manage.SecretQuery{})
	wantRefusal(t, err, problem.InvalidRequest, "secret")
}
