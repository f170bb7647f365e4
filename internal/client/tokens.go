package client

import (
	"context"
	"net/http"

	"github.com/keystile/keystile/internal/manage"
)

// CreateToken implements manage.Service.
func (c *Client) CreateToken(ctx context.Context, by manage.Call, token manage.NewToken) (manage.CreatedToken, error) {
	made, err := call[manage.RevealedToken](ctx, c, ask(by, http.MethodPost, "id", "tokens").with(token).once(by))
	return manage.CreatedToken{TokenView: made.TokenView, Secret: wrap(made.Secret), Replayed: made.Secret == nil}, err
}

// ListTokens implements manage.Service.
func (c *Client) ListTokens(ctx context.Context, by manage.Call, query manage.TokenQuery) (manage.Page[manage.TokenView], error) {
	rq := ask(by, http.MethodGet, "data", "tokens")
	if query.AllWorkspaces {
		rq.filter("all_workspaces", "true")
	}
	return call[manage.Page[manage.TokenView]](ctx, c, rq)
}

// DeleteToken implements manage.Service.
func (c *Client) DeleteToken(ctx context.Context, by manage.Call, id string) error {
	return c.do(ctx, ask(by, http.MethodDelete, "", "tokens", id))
}
