package api

import (
	"net/http"

	"github.com/keystile/keystile/internal/manage"
	"github.com/keystile/keystile/internal/problem"
)

const workspacesPath = "/v1/workspaces"

var workspaceRoutes = []route{
	{
		method: http.MethodPost, path: workspacesPath, id: "create-workspace", status: http.StatusCreated,
		summary: "Create a workspace; for operators", operation: ask(createWorkspace),
		once: true, located: true, refusals: []problem.Code{problem.AlreadyExists},
	},
	{
		method: http.MethodGet, path: workspacesPath, id: "list-workspaces", status: http.StatusOK,
		summary: "List the workspaces that the token is good for", operation: call(listWorkspaces),
	},
	{
		method: http.MethodPatch, path: workspacesPath + "/{name}", id: "edit-workspace", status: http.StatusOK,
		summary: "Change a workspace's plan; for operators", operation: ask(editWorkspace),
		about: "After a downgrade, keys go on working, and creates are refused.",
	},
}

func createWorkspace(rq *request, in manage.NewWorkspace) (manage.WorkspaceView, error) {
	made, err := rq.service.CreateWorkspace(rq.ctx, rq.call, in)
	if err == nil {
		rq.locate(workspacesPath, made.Name)
		rq.replayed(made.Replayed)
	}
	return made, err
}

func listWorkspaces(rq *request) (manage.Page[manage.WorkspaceView], error) {
	return rq.service.ListWorkspaces(rq.ctx, rq.call)
}

func editWorkspace(rq *request, in manage.WorkspaceEdit) (manage.WorkspaceView, error) {
	return rq.service.EditWorkspace(rq.ctx, rq.call, rq.name, in)
}
