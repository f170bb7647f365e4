package api

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/manage"
	"github.com/keystile/keystile/internal/problem"
)

const (
	workspaceHeader = "Keystile-Workspace"
	workspaceQuery  = "workspace"
)

// request is a call that has been read, and what its answer says besides the
// document.
type request struct {
	ctx     context.Context
	service manage.Service
	call    manage.Call
	name    string      // the path's {id} or {name}
	query   url.Values  // each at most once
	header  http.Header // of the request
	body    []byte
	mount   string

	status int         // of the answer
	answer http.Header // of the answer
}

// id is the path's {id} of a key.
func (rq *request) id() keys.ID { return keys.ID(rq.name) }

// read takes from a request what its route needs.
func (h *handler) read(w http.ResponseWriter, r *http.Request, row *route) (*request, error) {
	query, err := readQuery(r, row)
	if err != nil {
		return nil, err
	}
	workspace, err := workspaceOf(r, query)
	if err != nil {
		return nil, err
	}
	once, err := readConditions(r, row)
	if err != nil {
		return nil, err
	}
	actor, _ := r.Context().Value(actorKey{}).(manage.Actor) // the zero actor may do nothing
	rq := &request{
		ctx: r.Context(), service: h.Service,
		call: manage.Call{Actor: actor, Workspace: workspace, IdempotencyKey: once},
		name: r.PathValue(row.param()), query: query, header: r.Header, mount: h.Mount(r),
		status: row.status, answer: w.Header(),
	}
	if row.body != nil {
		rq.body, err = readBody(w, r)
	}
	return rq, err
}

// readQuery refuses parameters that the route doesn't know: a misspelt filter
// would list everything.
func readQuery(r *http.Request, row *route) (url.Values, error) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, refusal(problem.InvalidRequest, "", "The query can't be read.")
	}
	for name, values := range query {
		known := name == workspaceQuery || slices.ContainsFunc(row.query, func(p parameter) bool { return p.name == name })
		switch {
		case !known:
			return nil, refusal(problem.InvalidRequest, nameable(name), "The query has a parameter that isn't known here.")
		case len(values) > 1:
			return nil, refusal(problem.InvalidRequest, name, name+" is given more than once.")
		}
	}
	return query, nil
}

// workspaceOf is the workspace that the call names, by header or query.
func workspaceOf(r *http.Request, query url.Values) (string, error) {
	names := slices.Clone(r.Header.Values(workspaceHeader))
	if query.Has(workspaceQuery) {
		names = append(names, query.Get(workspaceQuery))
	}
	if len(slices.Compact(names)) > 1 {
		return "", refusal(problem.InvalidRequest, workspaceQuery, "Two workspaces are named; name one.")
	}
	if len(names) == 0 {
		return "", nil
	}
	return names[0], nil
}

// number reads a query parameter; absent, it is 0.
func (rq *request) number(name string) (int, error) {
	text := rq.query.Get(name)
	if text == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return 0, refusal(problem.InvalidRequest, name, name+" must be a whole number from 1.")
	}
	return n, nil
}

// flag reads a query parameter; absent, it is false.
func (rq *request) flag(name string) (bool, error) {
	switch rq.query.Get(name) {
	case "true":
		return true, nil
	case "", "false":
		return false, nil
	}
	return false, refusal(problem.InvalidRequest, name, name+" must be true or false.")
}
