package api

import (
	"context"
	"net/http"

	"github.com/keystile/keystile/internal/manage"
)

func verifyRoute(verify func(context.Context, manage.Call, manage.Verification) (manage.Verified, error)) route {
	return route{
		method: http.MethodPost, path: keysPath + "/verify", id: "verify-key", status: http.StatusOK,
		summary: "Decide about a key as a gate would, for programs that have no proxy",
		about: "The decision spends from the key's limits and is counted, as a request's is. It takes a token: a key may not ask. " +
			"path is the one that the gate would see, behind handle_path and rewrites. With several gates, host says which one judges it, with its port where that tells them apart, or gate, by its place. " +
			"Another workspace's key is unknown_key, and what a route lets through without a key is judged all the same.",
		operation: ask(func(rq *request, in manage.Verification) (manage.Verified, error) {
			return verify(rq.ctx, rq.call, in)
		}),
	}
}
