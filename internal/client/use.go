package client

import (
	"context"
	"net/http"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/manage"
)

// KeyUsage implements manage.Service.
func (c *Client) KeyUsage(ctx context.Context, by manage.Call, id keys.ID, query manage.UsageQuery) (manage.UsageView, error) {
	rq := ask(by, http.MethodGet, "data", "keys", string(id), "usage").
		filter("by", query.By).filter("from", query.From).filter("to", query.To)
	return call[manage.UsageView](ctx, c, rq)
}

// KeyActivity implements manage.Service.
func (c *Client) KeyActivity(ctx context.Context, by manage.Call, id keys.ID, query manage.ActivityQuery) (manage.ActivityView, error) {
	rq := ask(by, http.MethodGet, "data", "keys", string(id), "activity").filter("limit", number(query.Limit))
	return call[manage.ActivityView](ctx, c, rq)
}

// ExplainRequest implements manage.Service.
func (c *Client) ExplainRequest(ctx context.Context, by manage.Call, question manage.Question) (manage.Explained, error) {
	return call[manage.Explained](ctx, c, ask(by, http.MethodPost, "steps", "explain").with(question))
}

// ListAudit implements manage.Service.
func (c *Client) ListAudit(ctx context.Context, by manage.Call, query manage.AuditQuery) (manage.Page[manage.AuditView], error) {
	rq := ask(by, http.MethodGet, "data", "audit").
		filter("key_id", string(query.KeyID)).filter("actor", query.Actor).filter("action", query.Action).
		filter("from", query.From).filter("to", query.To).
		filter("limit", number(query.Limit)).filter("cursor", query.Cursor)
	return call[manage.Page[manage.AuditView]](ctx, c, rq)
}
