package manage_test

import (
	"errors"
	"testing"

	"github.com/keystile/keystile/internal/manage"
	"github.com/keystile/keystile/internal/problem"
)

// everyCall tries each method of the service.
func everyCall(f *fixture, t *testing.T, call manage.Call) map[string]error {
	ctx, errs := t.Context(), map[string]error{}
	_, errs["CreateKey"] = f.CreateKey(ctx, call, manage.NewKey{Name: "sneaked"})
	_, errs["ListKeys"] = f.ListKeys(ctx, call, manage.KeyQuery{})
	_, errs["ShowKey"] = f.ShowKey(ctx, call, "key_x")
	_, errs["RevokeKey"] = f.RevokeKey(ctx, call, "key_x", manage.Revocation{})
	_, errs["KeyUsage"] = f.KeyUsage(ctx, call, "key_x", manage.UsageQuery{})
	_, errs["EditKey"] = f.EditKey(ctx, call, "key_x", manage.KeyEdit{})
	_, errs["ReactivateKey"] = f.ReactivateKey(ctx, call, "key_x")
	_, errs["RotateKey"] = f.RotateKey(ctx, call, "key_x", manage.Rotation{})
	errs["DeleteKey"] = f.DeleteKey(ctx, call, "key_x")
	_, errs["CreateToken"] = f.CreateToken(ctx, call, manage.NewToken{Name: "sneaked"})
	_, errs["ListTokens"] = f.ListTokens(ctx, call, manage.TokenQuery{})
	errs["DeleteToken"] = f.DeleteToken(ctx, call, "tok_x")
	_, errs["CreateProject"] = f.CreateProject(ctx, call, manage.NewProject{Name: "sneaked"})
	_, errs["ListProjects"] = f.ListProjects(ctx, call)
	errs["DeleteProject"] = f.DeleteProject(ctx, call, "nobodys")
	_, errs["CreateProfile"] = f.CreateProfile(ctx, call, manage.NewProfile{Name: "sneaked"})
	_, errs["ListProfiles"] = f.ListProfiles(ctx, call)
	errs["DeleteProfile"] = f.DeleteProfile(ctx, call, "nobodys")
	_, errs["ListWorkspaces"] = f.ListWorkspaces(ctx, call)
	_, errs["ListAudit"] = f.ListAudit(ctx, call, manage.AuditQuery{})
	_, errs["ListPlans"] = f.ListPlans(ctx, call)
	_, errs["ListScopes"] = f.ListScopes(ctx, call)
	return errs
}

func TestMGMT05ATokenActsInItsOwnWorkspaceOnly(t *testing.T) {
	t.Parallel()
	f := setup(t)
	rivals := f.workspace(t, "rivals", "")
	token := f.standing(t, manage.Actor{Kind: manage.ActorToken, ID: "tok_1", Name: "deploy", Workspace: "default"})
	for name, err := range everyCall(f, t, manage.Call{Actor: token, Workspace: "rivals"}) {
		refused, ok := errors.AsType[*manage.Error](err)
		if !ok || refused.Problem.Code != problem.WorkspaceMismatch {
			t.Errorf("%s: %v", name, err)
		}
	}
	if rows := f.mustList(t, rivals, manage.KeyQuery{}); len(rows.Data) != 0 {
		t.Errorf("made %+v", rows.Data)
	}
	made, err := f.CreateKey(t.Context(), manage.Call{Actor: token}, manage.NewKey{Name: "at home"})
	if err != nil || made.Workspace != "default" || made.CreatedBy != "deploy" {
		t.Errorf("at home it made %+v, %v", made.KeyView, err)
	}
	rows, err := f.ListWorkspaces(t.Context(), manage.Call{Actor: token})
	if err != nil || len(rows.Data) != 1 || rows.Data[0].Name != "default" {
		t.Errorf("it sees the workspaces %+v, %v", rows.Data, err)
	}
}

func TestMGMT07OnlyOperatorsDoOperatorsWork(t *testing.T) {
	t.Parallel()
	f := setup(t)
	token := manage.Call{Actor: f.standing(t, manage.Actor{Kind: manage.ActorToken, ID: "tok_1", Name: "deploy", Workspace: "default"})}
	_, err := f.CreateWorkspace(t.Context(), token, manage.NewWorkspace{Name: "sneaked"})
	wantRefusal(t, err, problem.NotPermitted, "")
	_, err = f.CreateToken(t.Context(), token, manage.NewToken{Name: "sneaked", AllWorkspaces: true})
	wantRefusal(t, err, problem.NotPermitted, "")
	_, err = f.ListTokens(t.Context(), token, manage.TokenQuery{AllWorkspaces: true})
	wantRefusal(t, err, problem.NotPermitted, "")
	rows, err := f.ListWorkspaces(t.Context(), f.op)
	if err != nil || len(rows.Data) != 1 {
		t.Errorf("the workspaces are %+v, %v", rows.Data, err)
	}
	var actions []string
	for _, entry := range f.audit(t, "default") {
		if entry.Actor == "token:deploy (tok_1)" {
			actions = append(actions, entry.Action)
		}
	}
	if len(actions) != 3 || actions[2] != "workspace.create.refused" {
		t.Errorf("the audit trail has %q", actions)
	}
}

func TestNobodyInParticularMayDoNothing(t *testing.T) {
	t.Parallel()
	f := setup(t)
	for name, actor := range map[string]manage.Actor{
		"the zero actor": {}, "an unheard-of kind": {Kind: "wizard", Name: "w"}, "a token of no workspace": {Kind: manage.ActorToken},
		"a key of no ID": {Kind: manage.ActorKey, Name: "k", Workspace: "default"}, "a key of no workspace": {Kind: manage.ActorKey, ID: "key_x"},
	} {
		for _, workspace := range []string{"", "default"} {
			for method, err := range everyCall(f, t, manage.Call{Actor: actor, Workspace: workspace}) {
				refused, ok := errors.AsType[*manage.Error](err)
				if !ok || refused.Problem.Code.Row().Status != 403 {
					t.Errorf("%s: %s: %v", name, method, err)
				}
			}
		}
	}
}
