package api

import (
	"net/http"

	"github.com/keystile/keystile/internal/manage"
)

// inspectRoutes tell operators what they ask beside the administration of
// keys.
func inspectRoutes(inspect manage.Inspector) []route {
	return []route{
		{
			method: http.MethodPost, path: "/v1/secrets/lookup", id: "look-up-secret", status: http.StatusOK,
			summary: "Say whose a secret is, such as one that was found where it should not be",
			about: "It spends nothing and is no use of the key. It takes a token: a key may not ask. Another workspace's secret is unknown; " +
				"an operator's token that names no workspace finds those of all.",
			operation: ask(func(rq *request, in manage.SecretQuery) (manage.SecretView, error) {
				return inspect.LookUpSecret(rq.ctx, rq.call, in)
			}),
		},
		{
			method: http.MethodGet, path: "/v1/gates", id: "list-gates", status: http.StatusOK,
			summary: "List the gates in force with their routes, and what keys called in the last day that no route lists",
			operation: call(func(rq *request) (manage.GatesView, error) {
				return inspect.ListGates(rq.ctx, rq.call)
			}),
		},
		{
			method: http.MethodGet, path: "/v1/report", id: "report-refusals", status: http.StatusOK,
			summary: "Add up what gates in mode observe would have refused, by key, route and reason, the most first",
			about:   "Requests without a key that is known are told to an operator who names no workspace.",
			query:   []parameter{{name: "from", about: "A time, a date, or how long ago; 7d unless stated. Its hour counts as a whole."}},
			operation: call(func(rq *request) (manage.ReportView, error) {
				return inspect.ReportRefusals(rq.ctx, rq.call, manage.ReportQuery{From: rq.query.Get("from")})
			}),
		},
	}
}
