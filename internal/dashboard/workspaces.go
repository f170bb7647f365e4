package dashboard

import (
	"net/http"
	"net/url"

	"github.com/keystile/keystile/internal/manage"
	"github.com/keystile/keystile/internal/problem"
	"github.com/keystile/keystile/internal/storage"
)

// switchWorkspace leads to another workspace's keys. Nothing is changed by it:
// which workspace a page is about stands in its address.
func switchWorkspace(v *visit) error {
	name := v.r.URL.Query().Get("workspace")
	if name == "" {
		return nothingHere()
	}
	v.redirect(workspacePath(name, "keys"))
	return nil
}

type planPage struct {
	Use     manage.WorkspaceUse
	Plans   []manage.PlanView
	Scopes  []manage.ScopeView
	Problem *problem.Problem
}

// showPlan is what the workspace may have, and the configuration's catalogues.
func showPlan(v *visit) error { return v.planPage(http.StatusOK, nil) }

func (v *visit) planPage(status int, p *problem.Problem) (err error) {
	body := &planPage{Problem: p}
	if body.Use, err = v.Service.ShowWorkspace(v.r.Context(), v.call); err != nil {
		return err
	}
	plans, err := v.Service.ListPlans(v.r.Context(), v.call)
	if err != nil {
		return err
	}
	scopes, err := v.Service.ListScopes(v.r.Context(), v.call)
	body.Plans, body.Scopes = plans.Data, scopes.Data
	if err != nil {
		return err
	}
	return v.pageOf(status, "plan", "plan", &page{Title: "Plan", Body: body})
}

func changePlan(v *visit) error {
	form, err := v.form()
	if err != nil {
		return err
	}
	edit := manage.WorkspaceEdit{Plan: manage.Stated(form.Get("plan"))}
	if _, err = v.Service.EditWorkspace(v.r.Context(), v.call, v.call.Workspace, edit); err == nil {
		return v.done(v.here("plan"), "The workspace has another plan now.")
	}
	p, ok := mistake(err)
	if !ok {
		return err
	}
	return v.planPage(p.Code.Row().Status, p)
}

type workspacesPage struct {
	All     []manage.WorkspaceView
	Plans   []manage.PlanView
	Once    string
	Name    string
	Plan    string
	Problem *problem.Problem
}

// showWorkspaces is for operators.
func showWorkspaces(v *visit) error { return v.workspacesPage(http.StatusOK, &workspacesPage{}) }

func (v *visit) workspacesPage(status int, body *workspacesPage) error {
	v.call.Workspace = homeOf(v.call.Actor)
	all, err := v.Service.ListWorkspaces(v.r.Context(), v.call)
	if err != nil {
		return err
	}
	plans, err := v.Service.ListPlans(v.r.Context(), v.call)
	if err != nil {
		return err
	}
	body.All, body.Plans = all.Data, plans.Data
	if body.Once == "" {
		body.Once = newOnce()
	}
	return v.pageOf(status, "workspaces", "workspaces", &page{Title: "Workspaces", Body: body})
}

func createWorkspace(v *visit) error {
	form, err := v.form()
	if err != nil {
		return err
	}
	v.call.Workspace, v.call.IdempotencyKey = homeOf(v.call.Actor), form.Get("once")
	name := form.Get("name")
	if _, err = v.Service.CreateWorkspace(v.r.Context(), v.call, manage.NewWorkspace{Name: name, Plan: form.Get("plan")}); err == nil {
		return v.done(workspacePath(name, "keys"), "The workspace is there.")
	}
	p, ok := mistake(err)
	if !ok {
		return err
	}
	return v.workspacesPage(p.Code.Row().Status, &workspacesPage{Name: name, Plan: form.Get("plan"), Problem: p})
}

// homeOf is the workspace that an actor begins in.
func homeOf(actor manage.Actor) string {
	if actor.Workspace == "" {
		return storage.DefaultWorkspace
	}
	return actor.Workspace
}

// address is where the management API is, as far as the browser says.
func (v *visit) address() string {
	at := url.URL{Scheme: "http", Host: v.r.Host}
	if v.Secure(v.r) {
		at.Scheme = "https"
	}
	mount := v.Asked(v.r)
	return at.String() + mount[:max(0, len(mount)-len(v.r.URL.EscapedPath()))]
}
