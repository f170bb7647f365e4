package client

import (
	"context"
	"net/http"

	"github.com/keystile/keystile/internal/manage"
)

// CreateWorkspace implements manage.Service.
func (c *Client) CreateWorkspace(ctx context.Context, by manage.Call, place manage.NewWorkspace) (manage.WorkspaceView, error) {
	return call[manage.WorkspaceView](ctx, c, ask(by, http.MethodPost, "name", "workspaces").with(place).once(by))
}

// EditWorkspace implements manage.Service.
func (c *Client) EditWorkspace(ctx context.Context, by manage.Call, name string, edit manage.WorkspaceEdit) (manage.WorkspaceView, error) {
	return call[manage.WorkspaceView](ctx, c, ask(by, http.MethodPatch, "name", "workspaces", name).with(edit))
}

// ListWorkspaces implements manage.Service.
func (c *Client) ListWorkspaces(ctx context.Context, by manage.Call) (manage.Page[manage.WorkspaceView], error) {
	return call[manage.Page[manage.WorkspaceView]](ctx, c, ask(by, http.MethodGet, "data", "workspaces"))
}

// CreateProject implements manage.Service.
func (c *Client) CreateProject(ctx context.Context, by manage.Call, project manage.NewProject) (manage.ProjectView, error) {
	return call[manage.ProjectView](ctx, c, ask(by, http.MethodPost, "name", "projects").with(project).once(by))
}

// ListProjects implements manage.Service.
func (c *Client) ListProjects(ctx context.Context, by manage.Call) (manage.Page[manage.ProjectView], error) {
	return call[manage.Page[manage.ProjectView]](ctx, c, ask(by, http.MethodGet, "data", "projects"))
}

// DeleteProject implements manage.Service.
func (c *Client) DeleteProject(ctx context.Context, by manage.Call, name string) error {
	return c.do(ctx, ask(by, http.MethodDelete, "", "projects", name))
}

// CreateProfile implements manage.Service.
func (c *Client) CreateProfile(ctx context.Context, by manage.Call, profile manage.NewProfile) (manage.ProfileView, error) {
	return call[manage.ProfileView](ctx, c, ask(by, http.MethodPost, "name", "profiles").with(profile).once(by))
}

// ListProfiles implements manage.Service.
func (c *Client) ListProfiles(ctx context.Context, by manage.Call) (manage.Page[manage.ProfileView], error) {
	return call[manage.Page[manage.ProfileView]](ctx, c, ask(by, http.MethodGet, "data", "profiles"))
}

// DeleteProfile implements manage.Service.
func (c *Client) DeleteProfile(ctx context.Context, by manage.Call, name string) error {
	return c.do(ctx, ask(by, http.MethodDelete, "", "profiles", name))
}

// ListPlans implements manage.Service.
func (c *Client) ListPlans(ctx context.Context, by manage.Call) (manage.Page[manage.PlanView], error) {
	return call[manage.Page[manage.PlanView]](ctx, c, ask(by, http.MethodGet, "data", "plans"))
}

// ListScopes implements manage.Service.
func (c *Client) ListScopes(ctx context.Context, by manage.Call) (manage.Page[manage.ScopeView], error) {
	return call[manage.Page[manage.ScopeView]](ctx, c, ask(by, http.MethodGet, "data", "scopes"))
}
