package api

import (
	"encoding/json"
	"net/http"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/manage"
)

// route is one call: what it is, and what the OpenAPI document says of it.
type route struct {
	method, path string
	id           string // operationId
	summary      string
	query        []parameter
	status       int // of success
	operation
}

// parameter is one of the query.
type parameter struct {
	name, about string
	oneOf       []any
	number      bool
}

// routes is the table that both the handler and the document read.
var routes = []route{
	{
		method: http.MethodPost, path: "/v1/keys", id: "create-key", status: http.StatusCreated,
		summary: "Create a key; the answer shows its secret, once", operation: ask(createKey),
	},
	{
		method: http.MethodGet, path: "/v1/keys", id: "list-keys", status: http.StatusOK,
		summary: "List keys, newest first", query: keyFilters, operation: call(listKeys),
	},
	{
		method: http.MethodGet, path: "/v1/keys/{id}", id: "show-key", status: http.StatusOK,
		summary: "Show a key", operation: call(showKey),
	},
	{
		method: http.MethodPost, path: "/v1/keys/{id}/revoke", id: "revoke-key", status: http.StatusOK,
		summary: "End a key for good; revoking again changes nothing", operation: maybe(revokeKey),
	},
	{
		method: http.MethodGet, path: "/v1/keys/{id}/usage", id: "key-usage", status: http.StatusOK,
		summary: "Add up what a key was used for", query: usageFilters, operation: call(keyUsage),
	},
	{
		method: http.MethodGet, path: "/v1/workspaces", id: "list-workspaces", status: http.StatusOK,
		summary: "List the workspaces that the token is good for", operation: call(listWorkspaces),
	},
	{
		method: http.MethodGet, path: "/v1/projects", id: "list-projects", status: http.StatusOK,
		summary: "List projects", operation: call(listProjects),
	},
}

var keyFilters = []parameter{
	{name: "status", oneOf: []any{"active", "inactive", "revoked", "expired"}},
	{name: "environment", oneOf: []any{"live", "test"}},
	{name: "project"},
	{name: "owner"},
	{name: "q", about: "Part of the name, the hint or the ID, in any case."},
	{name: "limit", about: "1 to 1000; 100 unless stated.", number: true},
	{name: "cursor", about: "next_cursor of the page before."},
}

var usageFilters = []parameter{
	{name: "by", oneOf: []any{"endpoint", "project", "time", "day"}, about: "endpoint unless stated; time is by the hour."},
	{name: "from", about: "A time, a date, or how long ago, such as 7d; its hour counts as a whole."},
	{name: "to", about: "As from; hours that start before it count."},
}

// documentRoute serves the OpenAPI document. It isn't in it.
func documentRoute(document json.RawMessage) route {
	return route{
		method: http.MethodGet, path: "/v1/openapi.json", status: http.StatusOK,
		operation: call(func(*request) (json.RawMessage, error) { return document, nil }),
	}
}

func createKey(rq *request, in manage.NewKey) (manage.RevealedKey, error) {
	made, err := rq.service.CreateKey(rq.ctx, rq.call, in)
	if err != nil {
		return manage.RevealedKey{}, err
	}
	return made.Revealed(), nil
}

func listKeys(rq *request) (manage.Page[manage.KeyView], error) {
	limit, err := rq.number("limit")
	if err != nil {
		return manage.Page[manage.KeyView]{}, err
	}
	return rq.service.ListKeys(rq.ctx, rq.call, manage.KeyQuery{
		Status: keys.Status(rq.query.Get("status")), Environment: keys.Environment(rq.query.Get("environment")),
		Project: rq.query.Get("project"), Owner: rq.query.Get("owner"), Search: rq.query.Get("q"),
		Limit: limit, Cursor: rq.query.Get("cursor"),
	})
}

func showKey(rq *request) (manage.KeyView, error) {
	return rq.service.ShowKey(rq.ctx, rq.call, rq.id)
}

func revokeKey(rq *request, in manage.Revocation) (manage.RevokedKey, error) {
	return rq.service.RevokeKey(rq.ctx, rq.call, rq.id, in)
}

func keyUsage(rq *request) (manage.UsageView, error) {
	return rq.service.KeyUsage(rq.ctx, rq.call, rq.id, manage.UsageQuery{
		By: rq.query.Get("by"), From: rq.query.Get("from"), To: rq.query.Get("to"),
	})
}

func listWorkspaces(rq *request) (manage.Page[manage.WorkspaceView], error) {
	return rq.service.ListWorkspaces(rq.ctx, rq.call)
}

func listProjects(rq *request) (manage.Page[manage.ProjectView], error) {
	return rq.service.ListProjects(rq.ctx, rq.call)
}
