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
		summary: "Register a project", operation: ask(createProject),
		once: true, located: true, refusals: []problem.Code{problem.AlreadyExists},
	},
	{
		method: http.MethodGet, path: projectsPath, id: "list-projects", status: http.StatusOK,
		summary: "List projects", operation: call(listProjects),
	},
	{
		method: http.MethodDelete, path: projectsPath + "/{name}", id: "delete-project", status: http.StatusNoContent,
		summary: "Delete a project that no key names any more", operation: order(deleteProject),
		refusals: []problem.Code{problem.InUse},
	},
	{
		method: http.MethodPost, path: profilesPath, id: "create-profile", status: http.StatusCreated,
		summary: "Add a profile that keys may have", operation: ask(createProfile),
		once: true, located: true, refusals: []problem.Code{problem.AlreadyExists},
	},
	{
		method: http.MethodGet, path: profilesPath, id: "list-profiles", status: http.StatusOK,
		summary: "List profiles", operation: call(listProfiles),
	},
	{
		method: http.MethodDelete, path: profilesPath + "/{name}", id: "delete-profile", status: http.StatusNoContent,
		summary: "Delete a profile that no key has any more", operation: order(deleteProfile),
		refusals: []problem.Code{problem.InUse},
	},
	{
		method: http.MethodGet, path: "/v1/plans", id: "list-plans", status: http.StatusOK,
		summary: "List the plans of the configuration", operation: call(listPlans),
	},
	{
		method: http.MethodGet, path: "/v1/scopes", id: "list-scopes", status: http.StatusOK,
		summary: "List the scopes of the configuration", operation: call(listScopes),
	},
}

func createProject(rq *request, in manage.NewProject) (manage.ProjectView, error) {
	made, err := rq.service.CreateProject(rq.ctx, rq.call, in)
	if err == nil {
		rq.locate(projectsPath, made.Name)
		rq.replayed(made.Replayed)
	}
	return made, err
}

func listProjects(rq *request) (manage.Page[manage.ProjectView], error) {
	return rq.service.ListProjects(rq.ctx, rq.call)
}

func deleteProject(rq *request) error {
	return rq.service.DeleteProject(rq.ctx, rq.call, rq.name)
}

func createProfile(rq *request, in manage.NewProfile) (manage.ProfileView, error) {
	made, err := rq.service.CreateProfile(rq.ctx, rq.call, in)
	if err == nil {
		rq.locate(profilesPath, made.Name)
		rq.replayed(made.Replayed)
	}
	return made, err
}

func listProfiles(rq *request) (manage.Page[manage.ProfileView], error) {
	return rq.service.ListProfiles(rq.ctx, rq.call)
}

func deleteProfile(rq *request) error {
	return rq.service.DeleteProfile(rq.ctx, rq.call, rq.name)
}

func listPlans(rq *request) (manage.Page[manage.PlanView], error) {
	return rq.service.ListPlans(rq.ctx, rq.call)
}

func listScopes(rq *request) (manage.Page[manage.ScopeView], error) {
	return rq.service.ListScopes(rq.ctx, rq.call)
}
