package api

import (
	"net/http"
	"slices"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/manage"
)

// recordRoutes tell what keys were used for, and what was done to them.
var recordRoutes = []route{
	{
		method: http.MethodGet, path: keyPath + "/usage", id: "key-usage", status: http.StatusOK,
		summary: "Add up what a key was used for", query: usageFilters, operation: call(keyUsage),
		about: "It goes on answering once the key is deleted.",
	},
	{
		method: http.MethodGet, path: keyPath + "/activity", id: "key-activity", status: http.StatusOK,
		summary: "List a key's latest calls, newest first", query: activityFilters, operation: call(keyActivity),
	},
	{
		method: http.MethodPost, path: "/v1/explain", id: "explain-request", status: http.StatusOK,
		summary: "Tell how a gate would decide about a request, step by step", operation: ask(explainRequest),
		about: "Nothing is spent or counted. It takes a token: a key may not ask. Another workspace's key is unknown_key. " +
			"With several gates, host says which one judges it, with its port where that tells them apart, or gate, by its place. " +
			"With request_id in the place of all else, it tells what was decided then, of one of the latest refusals, and what would be now; " +
			"those that no key is known of are an operator's. Without one of that ID it is 404.",
	},
	{
		method: http.MethodGet, path: "/v1/audit", id: "list-audit", status: http.StatusOK,
		summary: "List what was done, newest first", query: slices.Concat(auditFilters, pages), operation: call(listAudit),
	},
}

var usageFilters = []parameter{
	{name: "by", oneOf: []any{"endpoint", "project", "outcome", "time", "day"}, about: "endpoint unless stated; time is by the hour, and by the day where it is more than 62 days ago."},
	{name: "from", about: "A time, a date, or how long ago, such as 7d; its hour counts as a whole."},
	{name: "to", about: "As from; hours that start before it count."},
}

var activityFilters = []parameter{
	{name: "limit", about: "How many; 50 unless stated.", kind: "integer", min: 1, max: 100},
}

var auditFilters = []parameter{
	{name: "key_id", about: "Of one key, deleted ones included."},
	{name: "actor", about: "As an entry has it."},
	{name: "action", about: "Such as key.create."},
	{name: "from", about: "A time, a date, or how long ago, such as 7d."},
	{name: "to", about: "As from."},
}

func keyUsage(rq *request) (manage.UsageView, error) {
	return rq.service.KeyUsage(rq.ctx, rq.call, rq.id(), manage.UsageQuery{
		By: rq.query.Get("by"), From: rq.query.Get("from"), To: rq.query.Get("to"),
	})
}

func keyActivity(rq *request) (manage.ActivityView, error) {
	limit, err := rq.number("limit")
	if err != nil {
		return manage.ActivityView{}, err
	}
	return rq.service.KeyActivity(rq.ctx, rq.call, rq.id(), manage.ActivityQuery{Limit: limit})
}

func explainRequest(rq *request, in manage.Question) (manage.Explained, error) {
	return rq.service.ExplainRequest(rq.ctx, rq.call, in)
}

func listAudit(rq *request) (manage.Page[manage.AuditView], error) {
	limit, err := rq.number("limit")
	if err != nil {
		return manage.Page[manage.AuditView]{}, err
	}
	return rq.service.ListAudit(rq.ctx, rq.call, manage.AuditQuery{
		KeyID: keys.ID(rq.query.Get("key_id")), Actor: rq.query.Get("actor"), Action: rq.query.Get("action"),
		From: rq.query.Get("from"), To: rq.query.Get("to"), Limit: limit, Cursor: rq.query.Get("cursor"),
	})
}
