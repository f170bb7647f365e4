package dashboard

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/keystile/keystile/internal/manage"
)

// page is what a template shows.
type page struct {
	Title string
	Root  string
	Now   time.Time
	Note  *note
	Place *place // nil: nobody is signed in
	Body  any
	// Secret: the page shows one, and nothing may keep it.
	Secret bool
}

// place is where a signed-in visitor is, for the frame around each page.
type place struct {
	At         string // which part of the navigation
	Workspace  string
	Workspaces []string // to switch to; one: there is no choice
	Project    string   // that is looked at; empty: all
	Projects   []string
	Actor      manage.Actor
	Operates   bool // enters every workspace
	Governs    bool // may do more than manage keys
}

// Link is an address of the workspace, below the dashboard's.
func (p *place) Link(parts ...string) string { return workspacePath(p.Workspace, parts...) }

// page shows a page of the workspace, with the frame around it.
func (v *visit) page(template, at string, p *page) error {
	return v.pageOf(http.StatusOK, template, at, p)
}

func (v *visit) pageOf(status int, template, at string, p *page) error {
	var err error
	if p.Place, err = v.place(at); err != nil {
		return err
	}
	v.show(status, template, p)
	return nil
}

// place asks for what the frame shows. A workspace that isn't there, or that the
// visitor may not enter, is refused here at the latest.
func (v *visit) place(at string) (*place, error) {
	actor := v.call.Actor
	p := &place{
		At: at, Workspace: v.call.Workspace, Actor: actor, Project: v.r.URL.Query().Get("project"),
		Operates: actor.Kind == manage.ActorOperator, Governs: actor.Kind != manage.ActorKey,
	}
	ctx := v.r.Context()
	workspaces, err := v.Service.ListWorkspaces(ctx, manage.Call{Actor: actor})
	if err != nil {
		return nil, err
	}
	for _, w := range workspaces.Data {
		p.Workspaces = append(p.Workspaces, w.Name)
	}
	p.Projects, err = v.projects(ctx)
	if err == nil && p.Project != "" && !slices.Contains(p.Projects, p.Project) {
		p.Projects = append(p.Projects, p.Project)
	}
	return p, err
}

func (v *visit) projects(ctx context.Context) (names []string, err error) {
	projects, err := v.Service.ListProjects(ctx, v.call)
	for _, p := range projects.Data {
		names = append(names, p.Name)
	}
	return names, err
}
