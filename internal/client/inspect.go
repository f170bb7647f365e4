package client

import (
	"context"
	"net/http"

	"github.com/keystile/keystile/internal/manage"
)

var _ manage.Inspector = (*Client)(nil)

// ListGates implements manage.Inspector.
func (c *Client) ListGates(ctx context.Context, by manage.Call) (manage.GatesView, error) {
	return call[manage.GatesView](ctx, c, ask(by, http.MethodGet, "gates", "gates"))
}

// ReportRefusals implements manage.Inspector.
func (c *Client) ReportRefusals(ctx context.Context, by manage.Call, query manage.ReportQuery) (manage.ReportView, error) {
	return call[manage.ReportView](ctx, c, ask(by, http.MethodGet, "data", "report").filter("from", query.From))
}

// LookUpSecret implements manage.Inspector.
func (c *Client) LookUpSecret(ctx context.Context, by manage.Call, query manage.SecretQuery) (manage.SecretView, error) {
	rq := ask(by, http.MethodPost, "kind", "secrets", "lookup").with(query)
	rq.repeatable = true
	return call[manage.SecretView](ctx, c, rq)
}
