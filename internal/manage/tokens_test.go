package manage_test

import (
	"strings"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/manage"
	"github.com/keystile/keystile/internal/problem"
)

func (f *fixture) token(t *testing.T, call manage.Call, ask manage.NewToken) manage.CreatedToken {
	t.Helper()
	if ask.Name == "" {
		ask.Name = "deploy"
	}
	made, err := f.CreateToken(t.Context(), call, ask)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func TestTokensSayWhoActs(t *testing.T) {
	t.Parallel()
	f := setup(t)
	ours := f.token(t, f.op, manage.NewToken{})
	theirs := f.token(t, f.workspace(t, "rivals", ""), manage.NewToken{Name: "spy"})
	operator := f.token(t, f.op, manage.NewToken{Name: "ops", AllWorkspaces: true})
	for _, row := range []struct {
		made manage.CreatedToken
		want manage.Actor
	}{
		{ours, manage.Actor{Kind: manage.ActorToken, ID: ours.ID, Name: "deploy", Workspace: "default"}},
		{theirs, manage.Actor{Kind: manage.ActorToken, ID: theirs.ID, Name: "spy", Workspace: "rivals"}},
		{operator, manage.Actor{Kind: manage.ActorOperator, ID: operator.ID, Name: "ops"}},
	} {
		got, err := f.Authenticate(t.Context(), row.made.Secret.Reveal(), "")
		if err != nil || got != row.want {
			t.Errorf("%+v, %v; want %+v", got, err, row.want)
		}
	}
	if operator.Workspace != "" || !operator.AllWorkspaces || ours.AllWorkspaces {
		t.Errorf("an operator's token looks like %+v, another one like %+v", operator.TokenView, ours.TokenView)
	}
}

func TestWhatIsNoGoodTokenIsRefused(t *testing.T) {
	t.Parallel()
	f := setup(t)
	brief := f.token(t, f.op, manage.NewToken{ExpiresIn: "1h"}).Secret.Reveal()
	gone := f.token(t, f.op, manage.NewToken{})
	if err := f.DeleteToken(t.Context(), f.op, gone.ID); err != nil {
		t.Fatal(err)
	}
	revoked := f.mustCreate(t, f.op, manage.NewKey{})
	if _, err := f.RevokeKey(t.Context(), f.op, revoked.ID, manage.Revocation{}); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Authenticate(t.Context(), brief, ""); err != nil {
		t.Fatalf("before its end: %v", err)
	}
	f.advance(time.Hour)
	for name, text := range map[string]string{
		"nothing": "", "garbage": "let me in", "prefix alone": "kst_", "unknown token": keys.MintToken().Reveal(),
		"token with a character more": brief + "0", "expired token": brief, "deleted token": gone.Secret.Reveal(),
		"unknown key": newFormat(t).Mint(keys.Live).Reveal(), "revoked key": revoked.Secret.Reveal(),
		"a key's ID": string(revoked.ID), "a long text": strings.Repeat("x", 100_000),
	} {
		t.Run(name, func(t *testing.T) {
			actor, err := f.Authenticate(t.Context(), text, "")
			wantRefusal(t, err, problem.InvalidToken, "")
			if actor != (manage.Actor{}) {
				t.Errorf("refused as %+v", actor)
			}
		})
	}
}

func TestPeppersCanBeAddedAndRotatedUnderTokens(t *testing.T) {
	t.Parallel()
	f := setup(t)
	older, newer := keys.NewSecret("older"), keys.NewSecret("newer")
	secrets := []string{f.token(t, f.op, manage.NewToken{}).Secret.Reveal()}
	for _, peppers := range [][]keys.Secret{{older}, {newer, older}} {
		m, err := manage.New(manage.Config{Store: f.store, Format: newFormat(t), Hasher: keys.NewHasher(peppers), Now: f.clock})
		if err != nil {
			t.Fatal(err)
		}
		f.Manager = m
		secrets = append(secrets, f.token(t, f.op, manage.NewToken{}).Secret.Reveal())
	}
	for i, secret := range secrets {
		if _, err := f.Authenticate(t.Context(), secret, ""); err != nil {
			t.Errorf("token %d: %v", i, err)
		}
	}
}

func TestTokensAreListedWhereTheyBelong(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.token(t, f.op, manage.NewToken{Name: "ours"})
	f.token(t, f.workspace(t, "rivals", ""), manage.NewToken{Name: "theirs"})
	f.token(t, f.op, manage.NewToken{Name: "ops", AllWorkspaces: true})
	for want, query := range map[string]manage.TokenQuery{"ours": {}, "ops": {AllWorkspaces: true}} {
		rows, err := f.ListTokens(t.Context(), f.op, query)
		if err != nil || len(rows.Data) != 1 || rows.Data[0].Name != want || rows.NextCursor != nil {
			t.Errorf("listed %+v, %v; want only %s", rows, err, want)
		}
	}
}

func TestTokensAreDeletedWhereTheyBelong(t *testing.T) {
	t.Parallel()
	f := setup(t)
	ours, theirs := f.token(t, f.op, manage.NewToken{}), f.token(t, f.workspace(t, "rivals", ""), manage.NewToken{})
	operator := f.token(t, f.op, manage.NewToken{AllWorkspaces: true})
	byToken := manage.Call{Actor: f.standing(t, manage.Actor{Kind: manage.ActorToken, Name: "t", Workspace: "default"})}
	for _, id := range []string{theirs.ID, operator.ID, "tok_nobody", ""} {
		wantRefusal(t, f.DeleteToken(t.Context(), byToken, id), problem.NotFound, "")
	}
	for _, id := range []string{ours.ID, operator.ID} {
		if err := f.DeleteToken(t.Context(), f.op, id); err != nil {
			t.Error(err)
		}
		wantRefusal(t, f.DeleteToken(t.Context(), f.op, id), problem.NotFound, "")
	}
	if _, err := f.Authenticate(t.Context(), theirs.Secret.Reveal(), ""); err != nil {
		t.Errorf("the token of another workspace is gone: %v", err)
	}
}

func TestBadTokensAreNotMade(t *testing.T) {
	t.Parallel()
	f := setup(t)
	for param, ask := range map[string]manage.NewToken{
		"name": {Name: "  "}, "expires_in": {Name: "t", ExpiresIn: "soon"}, "expires_at": {Name: "t", ExpiresAt: "2020-01-01"},
	} {
		_, err := f.CreateToken(t.Context(), f.op, ask)
		wantRefusal(t, err, problem.InvalidRequest, param)
	}
	if rows, err := f.ListTokens(t.Context(), f.op, manage.TokenQuery{}); err != nil || len(rows.Data) != 0 {
		t.Errorf("made %+v, %v", rows.Data, err)
	}
}

// by is a call of a token, as it was let in.
func (f *fixture) by(t *testing.T, token manage.CreatedToken) manage.Call {
	t.Helper()
	actor, err := f.Authenticate(t.Context(), token.Secret.Reveal(), "192.0.2.7")
	if err != nil {
		t.Fatal(err)
	}
	return manage.Call{Actor: actor}
}

func TestATokenThatEndedAfterItWasLetInGetsNoFurther(t *testing.T) {
	t.Parallel()
	f := setup(t)
	for name, end := range map[string]func(manage.CreatedToken){
		"deleted": func(token manage.CreatedToken) {
			if err := f.DeleteToken(t.Context(), f.op, token.ID); err != nil {
				t.Fatal(err)
			}
		},
		"expired": func(manage.CreatedToken) { f.advance(2 * time.Hour) },
	} {
		for _, ask := range []manage.NewToken{{Name: name, ExpiresIn: "1h"}, {Name: name, ExpiresIn: "1h", AllWorkspaces: true}} {
			token := f.token(t, f.op, ask)
			call := f.by(t, token)
			end(token)
			_, err := f.CreateToken(t.Context(), call, manage.NewToken{Name: "successor"})
			wantRefusal(t, err, problem.InvalidToken, "")
			_, err = f.CreateKey(t.Context(), call, manage.NewKey{Name: "a key"})
			wantRefusal(t, err, problem.InvalidToken, "")
			_, err = f.ListKeys(t.Context(), call, manage.KeyQuery{})
			wantRefusal(t, err, problem.InvalidToken, "")
		}
	}
}

// Rule 11: no call gives more than its caller has.
func TestATokenMakesNoneThatOutlivesIt(t *testing.T) {
	t.Parallel()
	f := setup(t)
	call := f.by(t, f.token(t, f.op, manage.NewToken{Name: "brief", ExpiresIn: "1h"}))
	_, err := f.CreateToken(t.Context(), call, manage.NewToken{Name: "longer", ExpiresIn: "2h"})
	wantRefusal(t, err, problem.NotPermitted, "expires_at")
	end := f.clock().Add(time.Hour)
	if made := f.token(t, call, manage.NewToken{Name: "as long"}); made.ExpiresAt == nil || made.ExpiresAt.After(end) {
		t.Errorf("a token that ends at %v made one that ends at %v", end, made.ExpiresAt)
	}
	if made := f.token(t, f.op, manage.NewToken{Name: "by command"}); made.ExpiresAt != nil {
		t.Errorf("a command's token ends at %v", made.ExpiresAt)
	}
}
