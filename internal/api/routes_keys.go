package api

import (
	"net/http"
	"net/url"
	"slices"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/manage"
	"github.com/keystile/keystile/internal/problem"
)

const (
	keysPath = "/v1/keys"
	keyPath  = keysPath + "/{id}"
)

var keyRoutes = []route{
	{
		method: http.MethodPost, path: keysPath, id: "create-key", status: http.StatusCreated,
		summary: "Create a key; the answer shows its secret, once", operation: ask(createKey),
		once: true, located: true, tagged: true, refusals: []problem.Code{problem.PlanLimitReached},
	},
	{
		method: http.MethodGet, path: keysPath, id: "list-keys", status: http.StatusOK,
		summary: "List keys, newest first", query: slices.Concat(keyFilters, pages), operation: call(listKeys),
	},
	{
		method: http.MethodGet, path: keyPath, id: "show-key", status: http.StatusOK,
		summary: "Show a key", operation: call(showKey), tagged: true, ifNoneMatch: true,
		about: "The ETag changes with whatever can be edited or ended, and not with `last_used_at` and `total_calls`.",
	},
	{
		method: http.MethodPatch, path: keyPath, id: "edit-key", status: http.StatusOK,
		summary: "Edit a key: what is stated changes, all of it or nothing", operation: ask(editKey),
		about:  "Environment, project, kind and workspace never change, and scopes only get fewer.",
		tagged: true, ifMatch: true, refusals: []problem.Code{
			problem.PlanLimitReached, problem.RevocationPermanent, problem.RotationInProgress,
			problem.PreconditionFailed, problem.ScopeWidening, problem.ImmutableField,
		},
	},
}

var keyFilters = []parameter{
	{name: "status", oneOf: []any{"active", "inactive", "revoked", "expired"}},
	{name: "environment", oneOf: []any{"live", "test"}},
	{name: "project"},
	{name: "owner"},
	{name: "q", about: "Part of the name, the hint or the ID, in any case."},
}

func createKey(rq *request, in manage.NewKey) (manage.RevealedKey, error) {
	made, err := rq.service.CreateKey(rq.ctx, rq.call, in)
	return newKey(rq, made, err)
}

// newKey answers with a key that was made: now, or by an earlier call with the
// same idempotency key.
func newKey(rq *request, made manage.CreatedKey, err error) (manage.RevealedKey, error) {
	if err != nil {
		return manage.RevealedKey{}, err
	}
	rq.locate(keysPath, string(made.ID))
	rq.tag(made.ETag)
	rq.replayed(made.Replayed)
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
	key, err := rq.service.ShowKey(rq.ctx, rq.call, rq.id())
	if err != nil {
		return key, err
	}
	rq.tag(key.ETag)
	if rq.ifNoneMatch(key.ETag) {
		rq.status = http.StatusNotModified
	}
	return key, nil
}

func editKey(rq *request, in manage.KeyEdit) (manage.KeyView, error) {
	in.IfMatch = rq.ifMatch()
	key, err := rq.service.EditKey(rq.ctx, rq.call, rq.id(), in)
	if err == nil {
		rq.tag(key.ETag)
	}
	return key, err
}

// locate says where what was made is found.
func (rq *request) locate(list, name string) {
	rq.answer.Set("Location", rq.mount+list+"/"+url.PathEscape(name))
}

// tag sets the ETag of the key that the answer is about.
func (rq *request) tag(etag string) {
	if etag != "" {
		rq.answer.Set("ETag", etag)
	}
}

// replayed says that an earlier call has made what this one would have.
func (rq *request) replayed(yes bool) {
	if yes {
		rq.status = http.StatusOK
		rq.answer.Set("Idempotent-Replayed", "true")
	}
}
