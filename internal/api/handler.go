package api

import (
	"context"
	"maps"
	"net/http"
	"path"
	"slices"
	"strings"

	"github.com/keystile/keystile/internal/manage"
	"github.com/keystile/keystile/internal/problem"
)

type handler struct {
	Config
	mux *http.ServeMux
}

// ServeHTTP lets nobody in without a good token, not even to learn which paths
// there are.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	actor, err := h.authenticate(r)
	if err != nil {
		h.refuse(w, r, err)
		return
	}
	// The mux would redirect a path that isn't plain; here there is no such one.
	if at := r.URL.EscapedPath(); path.Clean(at) != at {
		h.nothing(w, r)
		return
	}
	h.mux.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), actorKey{}, actor)))
}

// nothing answers paths that aren't there.
func (h *handler) nothing(w http.ResponseWriter, r *http.Request) {
	h.refuse(w, r, refusal(problem.NotFound, "", manage.NoSuchPath))
}

// actorKey is where a request's context keeps the actor between the door and
// the endpoint.
type actorKey struct{}

// authenticate says who calls. Exactly one Authorization header with a Bearer
// token does.
func (h *handler) authenticate(r *http.Request) (manage.Actor, error) {
	lines := r.Header.Values("Authorization")
	if len(lines) == 0 || len(lines) == 1 && lines[0] == "" {
		return manage.Actor{}, refusal(problem.MissingToken, "", "")
	}
	scheme, credential, _ := strings.Cut(lines[0], " ")
	if len(lines) > 1 || !strings.EqualFold(scheme, "Bearer") {
		return manage.Actor{}, refusal(problem.InvalidToken, "", "")
	}
	return h.Authenticate(r.Context(), strings.TrimLeft(credential, " "), h.ClientAddress(r))
}

// endpoint is one path.
type endpoint struct {
	*handler
	methods map[string]*route
}

func (e *endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	row, takes := e.methods[r.Method]
	if !takes {
		w.Header().Set("Allow", strings.Join(slices.Sorted(maps.Keys(e.methods)), ", "))
		e.refuse(w, r, refusal(problem.MethodNotAllowed, "", ""))
		return
	}
	rq, err := e.read(w, r, row)
	if err != nil {
		e.refuse(w, r, err)
		return
	}
	document, err := row.run(rq)
	if err != nil {
		e.refuse(w, r, err)
		return
	}
	e.answer(w, r, rq.status, document)
}
