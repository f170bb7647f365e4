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
		summary: "Create a workspace; for operators", operation: creation(workspacesPath, manage.Service.CreateWorkspace),
		once: true, located: true, refusals: []problem.Code{problem.AlreadyExists},
	},
	{
		method: http.MethodGet, path: workspacesPath, id: "list-workspaces", status: http.StatusOK,
		summary: "List the workspaces that the token is good for", operation: listing(manage.Service.ListWorkspaces),
	},
	{
		method: http.MethodPatch, path: workspacesPath + "/{name}", id: "edit-workspace", status: http.StatusOK,
		summary: "Change a workspace's plan; for operators", operation: ask(editWorkspace),
		about: "After a downgrade, keys go on working, and creates are refused.",
	},
}

func editWorkspace(rq *request, in manage.WorkspaceEdit) (manage.WorkspaceView, error) {
	return rq.service.EditWorkspace(rq.ctx, rq.call, rq.name, in)
}
