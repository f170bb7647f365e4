package api

import (
	"net/http"

	"github.com/keystile/keystile/internal/manage"
	"github.com/keystile/keystile/internal/problem"
)

const (
	projectsPath = "/v1/projects"
	profilesPath = "/v1/profiles"
)

// catalogueRoutes are about what keys may name.
var catalogueRoutes = []route{
	{
		method: http.MethodPost, path: projectsPath, id: "create-project", status: http.StatusCreated,
		summary: "Register a project", operation: creation(projectsPath, manage.Service.CreateProject),
		once: true, located: true, refusals: []problem.Code{problem.AlreadyExists},
	},
	{
		method: http.MethodGet, path: projectsPath, id: "list-projects", status: http.StatusOK,
		summary: "List projects", operation: listing(manage.Service.ListProjects),
	},
	{
		method: http.MethodDelete, path: projectsPath + "/{name}", id: "delete-project", status: http.StatusNoContent,
		summary: "Delete a project that no key names any more", operation: removal(manage.Service.DeleteProject),
		refusals: []problem.Code{problem.InUse},
	},
	{
		method: http.MethodPost, path: profilesPath, id: "create-profile", status: http.StatusCreated,
		summary: "Add a profile that keys may have", operation: creation(profilesPath, manage.Service.CreateProfile),
		once: true, located: true, refusals: []problem.Code{problem.AlreadyExists},
	},
	{
		method: http.MethodGet, path: profilesPath, id: "list-profiles", status: http.StatusOK,
		summary: "List profiles", operation: listing(manage.Service.ListProfiles),
	},
	{
		method: http.MethodDelete, path: profilesPath + "/{name}", id: "delete-profile", status: http.StatusNoContent,
		summary: "Delete a profile that no key has any more", operation: removal(manage.Service.DeleteProfile),
		refusals: []problem.Code{problem.InUse},
	},
	{
		method: http.MethodGet, path: "/v1/plans", id: "list-plans", status: http.StatusOK,
		summary: "List the plans of the configuration", operation: listing(manage.Service.ListPlans),
	},
	{
		method: http.MethodGet, path: "/v1/scopes", id: "list-scopes", status: http.StatusOK,
		summary: "List the scopes of the configuration", operation: listing(manage.Service.ListScopes),
	},
}
