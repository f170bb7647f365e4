package api

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strconv"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/manage"
	"github.com/keystile/keystile/internal/problem"
)

const (
	maxBody = 1 << 20 // bytes

	workspaceHeader = "Keystile-Workspace"
	workspaceQuery  = "workspace"
)

// request is a call that has been read.
type request struct {
	ctx     context.Context
	service manage.Service
	call    manage.Call
	id      keys.ID    // the path's {id}
	query   url.Values // each at most once
	body    []byte
}

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
	actor, _ := r.Context().Value(actorKey{}).(manage.Actor) // the zero actor may do nothing
	rq := &request{
		ctx: r.Context(), service: h.Service, call: manage.Call{Actor: actor, Workspace: workspace},
		id: keys.ID(r.PathValue("id")), query: query,
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

func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return nil, refusal(problem.BodyTooLarge, "", "")
	}
	if err != nil {
		return nil, refusal(problem.InvalidJSON, "", "The body broke off.")
	}
	return body, nil
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

// operation is what a route does, and the types of its body and answer.
type operation struct {
	body, result reflect.Type // body is nil where there is none
	run          func(*request) (any, error)
}

// call makes an operation that takes no body.
func call[Out any](do func(*request) (Out, error)) operation {
	return operation{
		result: reflect.TypeFor[Out](),
		run:    func(rq *request) (any, error) { return do(rq) },
	}
}

// ask makes an operation with a JSON object as its body.
func ask[In, Out any](do func(*request, In) (Out, error)) operation {
	return operation{
		body: reflect.TypeFor[In](), result: reflect.TypeFor[Out](),
		run: func(rq *request) (any, error) {
			var in In
			if err := decode(rq.body, &in); err != nil {
				return nil, err
			}
			return do(rq, in)
		},
	}
}

// maybe is ask with a body that can be left out.
func maybe[In, Out any](do func(*request, In) (Out, error)) operation {
	op := ask(do)
	run := op.run
	op.run = func(rq *request) (any, error) {
		if len(rq.body) == 0 {
			rq.body = []byte("{}")
		}
		return run(rq)
	}
	return op
}
