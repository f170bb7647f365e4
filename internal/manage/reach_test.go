package manage_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/manage"
	"github.com/keystile/keystile/internal/problem"
	"github.com/keystile/keystile/internal/storage"
)

// edit changes a key's row as only a store can.
func (f *fixture) edit(t *testing.T, id keys.ID, change func(*keys.Key)) {
	t.Helper()
	_, err := f.store.Update(t.Context(), func(tx storage.Tx) error {
		key, err := tx.Key(t.Context(), id)
		if err != nil {
			return err
		}
		change(key)
		return tx.UpdateKey(t.Context(), key)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (f *fixture) pause(t *testing.T, id keys.ID) {
	t.Helper()
	f.edit(t, id, func(k *keys.Key) { k.Status = keys.Inactive })
}

// keyCalls are the calls about one key.
func (f *fixture) keyCalls(ctx context.Context, call manage.Call, id keys.ID) map[string]error {
	errs := map[string]error{}
	_, errs["key.show"] = f.ShowKey(ctx, call, id)
	_, errs["key.revoke"] = f.RevokeKey(ctx, call, id, manage.Revocation{})
	_, errs["key.usage"] = f.KeyUsage(ctx, call, id, manage.UsageQuery{})
	_, errs["key.edit"] = f.EditKey(ctx, call, id, manage.KeyEdit{Name: manage.Stated("renamed")})
	_, errs["key.reactivate"] = f.ReactivateKey(ctx, call, id)
	_, errs["key.rotate"] = f.RotateKey(ctx, call, id, manage.Rotation{})
	errs["key.delete"] = f.DeleteKey(ctx, call, id)
	return errs
}

func TestMGMT04ENUM03AKeyOutOfReachIsAsNotThere(t *testing.T) {
	t.Parallel()
	f := setup(t)
	rivals := f.workspace(t, "rivals", "")
	f.project(t, f.op, "apollo", "gemini")
	theirs := f.mustCreate(t, rivals, manage.NewKey{Name: "of rivals"})
	beside := f.mustCreate(t, f.op, manage.NewKey{Name: "of gemini", Project: "gemini"})
	above := f.mustCreate(t, f.op, manage.NewKey{Name: "of the workspace"})
	token := manage.Call{Actor: f.standing(t, manage.Actor{Kind: manage.ActorToken, ID: "tok_1", Name: "deploy", Workspace: "default"})}
	whole := f.keyActor(t, f.op, manage.NewKey{Name: "manages all", Scopes: manager()})
	part := f.keyActor(t, f.op, manage.NewKey{Name: "manages apollo", Scopes: manager(), Project: "apollo"})
	for name, row := range map[string]struct {
		call manage.Call
		ids  []keys.ID
	}{
		"a token":         {token, []keys.ID{theirs.ID}},
		"a key":           {whole, []keys.ID{theirs.ID}},
		"a project's key": {part, []keys.ID{theirs.ID, beside.ID, above.ID}},
	} {
		missing := f.keyCalls(t.Context(), row.call, "key_nobody")
		for _, id := range append(row.ids, "", "no ID at all\n") {
			for action, err := range f.keyCalls(t.Context(), row.call, id) {
				wantRefusal(t, err, problem.NotFound, "")
				if err.Error() != missing[action].Error() {
					t.Errorf("%s: %s: %v, but of nobody's key %v", name, action, err, missing[action])
				}
				got := f.tried(t, row.call)
				got.ID = ""
				want := storage.AuditEntry{Time: start, Workspace: "default", Project: row.call.Actor.Project, Actor: row.call.Actor.String(), Action: got.Action, Client: row.call.Actor.Address}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s: recorded (-want +got):\n%s", name, diff)
				}
			}
		}
		f.keyCalls(t.Context(), row.call, "key_nobody")
		if got := f.tried(t, row.call); got.KeyID != "" || got.Target != "" {
			t.Errorf("%s: nobody's key is recorded as %+v", name, got)
		}
	}
	for _, id := range []keys.ID{beside.ID, above.ID} {
		if shown, err := f.ShowKey(t.Context(), whole, id); err != nil || shown.Status != keys.Active {
			t.Errorf("%+v, %v", shown, err)
		}
	}
	if rows := f.mustList(t, rivals, manage.KeyQuery{Status: keys.Active}); len(rows.Data) != 1 {
		t.Errorf("the rivals have %+v", rows.Data)
	}
}

// What was counted for a deleted key is still its project's.
func TestADeletedKeyStaysInItsProject(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.project(t, f.op, "apollo", "gemini")
	by := f.keyActor(t, f.op, manage.NewKey{Name: "manages apollo", Scopes: manager(), Project: "apollo"})
	ours := f.mustCreate(t, f.op, manage.NewKey{Name: "of apollo", Project: "apollo", Scopes: []string{"all"}})
	theirs := f.mustCreate(t, f.op, manage.NewKey{Name: "of gemini", Project: "gemini"})
	if err := f.DeleteKey(t.Context(), by, ours.ID); err != nil {
		t.Fatal(err)
	}
	if err := f.DeleteKey(t.Context(), f.op, theirs.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := f.KeyUsage(t.Context(), by, ours.ID, manage.UsageQuery{}); err != nil {
		t.Error(err)
	}
	_, err := f.KeyUsage(t.Context(), by, theirs.ID, manage.UsageQuery{})
	wantRefusal(t, err, problem.NotFound, "")
}

func TestAProjectsKeySeesItsProjectOnly(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.project(t, f.op, "apollo", "gemini")
	by := f.keyActor(t, f.op, manage.NewKey{Name: "manages apollo", Scopes: manager(), Project: "apollo"})
	for _, project := range []string{"", "apollo", "gemini"} {
		f.mustCreate(t, f.op, manage.NewKey{Name: "of " + project + "!", Project: project})
	}
	for query, want := range map[manage.KeyQuery]int{
		{}: 2, {Project: "apollo"}: 2, {Project: "gemini"}: 0, {Project: "nobodys"}: 0, {Search: "of apollo"}: 1, {Limit: 1}: 1,
	} {
		rows := f.mustList(t, by, query)
		if len(rows.Data) != want {
			t.Errorf("%+v: listed %+v", query, rows.Data)
		}
		for i := range rows.Data {
			if rows.Data[i].Project != "apollo" {
				t.Errorf("%+v: listed a key of %q", query, rows.Data[i].Project)
			}
		}
	}
	projects, err := f.ListProjects(t.Context(), by)
	if err != nil || len(projects.Data) != 1 || projects.Data[0].Name != "apollo" {
		t.Errorf("it sees the projects %+v, %v", projects.Data, err)
	}
	workspaces, err := f.ListWorkspaces(t.Context(), by)
	if err != nil || len(workspaces.Data) != 1 {
		t.Errorf("it sees the workspaces %+v, %v", workspaces.Data, err)
	}
}

func TestMGMT07AKeyManagesKeysAndNothingElse(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.workspace(t, "rivals", "")
	for _, scopes := range [][]string{manager(), {"all"}} {
		by, ctx := f.keyActor(t, f.op, manage.NewKey{Scopes: scopes}), t.Context()
		calls := map[string]func() error{
			"token.create": func() error { _, err := f.CreateToken(ctx, by, manage.NewToken{Name: "sneaked"}); return err },
			"token.create of all": func() error {
				_, err := f.CreateToken(ctx, by, manage.NewToken{Name: "sneaked", AllWorkspaces: true})
				return err
			},
			"token.list":       func() error { _, err := f.ListTokens(ctx, by, manage.TokenQuery{}); return err },
			"token.delete":     func() error { return f.DeleteToken(ctx, by, "tok_x") },
			"project.create":   func() error { _, err := f.CreateProject(ctx, by, manage.NewProject{Name: "sneaked"}); return err },
			"project.delete":   func() error { return f.DeleteProject(ctx, by, "apollo") },
			"profile.create":   func() error { _, err := f.CreateProfile(ctx, by, manage.NewProfile{Name: "sneaked"}); return err },
			"profile.delete":   func() error { return f.DeleteProfile(ctx, by, "calm") },
			"workspace.edit":   func() error { _, err := f.EditWorkspace(ctx, by, "default", manage.WorkspaceEdit{}); return err },
			"workspace.create": func() error { _, err := f.CreateWorkspace(ctx, by, manage.NewWorkspace{Name: "sneaked"}); return err },
		}
		for name, call := range calls {
			wantRefusal(t, call(), problem.NotPermitted, "")
			if got := f.tried(t, by); got.Action+" of all" != name+".refused of all" && got.Action != "token.create.refused" {
				t.Errorf("%s: recorded as %s", name, got.Action)
			}
		}
		for name, err := range everyCall(f, t, manage.Call{Actor: by.Actor, Workspace: "rivals"}) {
			if code := manage.ProblemOf(err).Code; code != problem.WorkspaceMismatch && code != problem.NotPermitted {
				t.Errorf("%s in another workspace: %v", name, err)
			}
		}
	}
	tokens, err := f.ListTokens(t.Context(), f.op, manage.TokenQuery{})
	if err != nil || len(tokens.Data) != 0 {
		t.Errorf("made %+v, %v", tokens.Data, err)
	}
}
