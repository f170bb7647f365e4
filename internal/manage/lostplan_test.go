package manage_test

import (
	"context"
	"strings"
	"testing"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/manage"
	"github.com/keystile/keystile/internal/problem"
)

// losing is a store with a workspace of a plan that the configuration then
// doesn't list any more; the other plan has room for two keys.
func losing(t *testing.T, byDefault string) (*fixture, manage.Call) {
	t.Helper()
	f := setup(t, catalogue)
	call := f.workspace(t, "acme", "big")
	f.reconfigure(t, reversible, func(c *manage.Config) {
		c.Catalogue = manage.Catalogue{Plans: map[string]manage.Plan{"small": {MaxKeys: 2}}, DefaultPlan: byDefault}
	})
	return f, call
}

func TestAWorkspaceIsShownWithThePlanThatItHasAlthoughItIsNotConfigured(t *testing.T) {
	t.Parallel()
	for _, byDefault := range []string{"", "small"} {
		f, call := losing(t, byDefault)
		rows, err := f.ListWorkspaces(t.Context(), f.op)
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range rows.Data {
			lost := w.Name == "acme"
			if lost && w.Plan != "big" || !lost && w.Plan != byDefault || w.PlanConfigured == lost {
				t.Errorf("with the default plan %q: %+v", byDefault, w)
			}
		}
		edited, err := f.EditWorkspace(t.Context(), f.op, call.Workspace, manage.WorkspaceEdit{Plan: manage.Stated("small")})
		if err != nil || edited.Plan != "small" || !edited.PlanConfigured {
			t.Errorf("edited: %+v, %v", edited, err)
		}
	}
}

func TestAPlanThatIsNotConfiguredMakesNoRoomForKeys(t *testing.T) {
	t.Parallel()
	f, call := losing(t, "small")
	for range 2 {
		f.mustCreate(t, call, manage.NewKey{})
	}
	_, err := f.CreateKey(t.Context(), call, manage.NewKey{Name: "one more"})
	wantRefusal(t, err, problem.PlanLimitReached, "")

	f.reconfigure(t, reversible)
	ended := f.mustList(t, call, manage.KeyQuery{}).Data[0].ID
	f.mustRevoke(t, call, ended)
	f.changesNothing(t, "acme", func(ctx context.Context) {
		_, err := f.CreateKey(ctx, call, manage.NewKey{Name: "one more"})
		wantRefusal(t, err, problem.PlanLimitReached, "")
		if !strings.Contains(err.Error(), "big") {
			t.Errorf("it doesn't say which plan: %v", err)
		}
		_, err = f.ReactivateKey(ctx, call, ended)
		wantRefusal(t, err, problem.PlanLimitReached, "")
		done, refused, err := f.imports(ctx, call, []manage.ImportRow{{Line: 1, Ask: manage.NewKey{Name: "taken over"}, Secret: newFormat(t).Mint(keys.Live)}})
		if err != nil {
			t.Fatal(err)
		}
		if done.Imported != 0 || len(refused) != 1 || refused[0].Code != problem.PlanLimitReached {
			t.Errorf("imported %+v, refused %+v", done, refused)
		}
	})
	if _, err := f.EditWorkspace(t.Context(), f.op, "acme", manage.WorkspaceEdit{Plan: manage.Stated("")}); err != nil {
		t.Fatal(err)
	}
	f.mustCreate(t, call, manage.NewKey{})
}
