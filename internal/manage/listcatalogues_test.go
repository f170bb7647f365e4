package manage_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keystile/keystile/internal/manage"
	"github.com/keystile/keystile/internal/problem"
)

// callers are those who may look around in the default workspace.
func (f *fixture) callers(t *testing.T) map[string]manage.Call {
	t.Helper()
	f.project(t, f.op, "apollo")
	return map[string]manage.Call{
		"a command":          f.op,
		"an operator":        {Actor: f.standing(t, manage.Actor{Kind: manage.ActorOperator, ID: "tok_1", Name: "ops"})},
		"a token":            {Actor: f.standing(t, manage.Actor{Kind: manage.ActorToken, ID: "tok_2", Name: "deploy", Workspace: "default"})},
		"a key":              f.keyActor(t, f.op, manage.NewKey{Scopes: manager()}),
		"a key of a project": f.keyActor(t, f.op, manage.NewKey{Scopes: manager(), Project: "apollo"}),
	}
}

func TestPlansAndScopesAreListedForWhoeverMayEnter(t *testing.T) {
	t.Parallel()
	f := setup(t, catalogue, func(c *manage.Config) { c.Catalogue.Scopes["manage:api-keys"] = "As we call it" })
	ten := 10
	for name, call := range f.callers(t) {
		plans, err := f.ListPlans(t.Context(), call)
		if diff := cmp.Diff([]manage.PlanView{{Name: "big"}, {Name: "free", MaxKeys: &ten, Default: true}}, plans.Data); err != nil || diff != "" {
			t.Errorf("%s: %v %s", name, err, diff)
		}
		scopes, err := f.ListScopes(t.Context(), call)
		want := []manage.ScopeView{
			{Name: "all", Description: "Everything: every scope, those that are added later included"},
			{Name: "manage:api-keys", Description: "As we call it"}, {Name: "read", Description: "Read"}, {Name: "write", Description: "Write"},
		}
		if diff := cmp.Diff(want, scopes.Data); err != nil || diff != "" {
			t.Errorf("%s: %v %s", name, err, diff)
		}
	}
	call := manage.Call{Actor: f.standing(t, manage.Actor{Kind: manage.ActorToken, ID: "tok_2", Name: "deploy", Workspace: "default"}), Workspace: "rivals"}
	_, err := f.ListPlans(t.Context(), call)
	wantRefusal(t, err, problem.WorkspaceMismatch, "workspace")
	_, err = f.ListScopes(t.Context(), call)
	wantRefusal(t, err, problem.WorkspaceMismatch, "workspace")
}

func TestWithoutACatalogueTheScopesThatAreAlwaysKnownAreListed(t *testing.T) {
	t.Parallel()
	f := setup(t)
	scopes, err := f.ListScopes(t.Context(), f.op)
	if err != nil || len(scopes.Data) != 2 || scopes.Data[0].Name != "all" || scopes.Data[1].Name != "manage:api-keys" ||
		scopes.Data[0].Description == "" || scopes.Data[1].Description == "" {
		t.Errorf("listed %+v, %v", scopes, err)
	}
	plans, err := f.ListPlans(t.Context(), f.op)
	if err != nil || plans.Data == nil || len(plans.Data) != 0 {
		t.Errorf("listed %+v, %v", plans, err)
	}
}
