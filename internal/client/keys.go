package client

import (
	"context"
	"net/http"
	"strconv"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/manage"
)

// CreateKey implements manage.Service.
func (c *Client) CreateKey(ctx context.Context, by manage.Call, key manage.NewKey) (manage.CreatedKey, error) {
	return c.created(ctx, ask(by, http.MethodPost, "id", "keys").with(key).once(by))
}

func (c *Client) created(ctx context.Context, rq *request) (manage.CreatedKey, error) {
	made, err := call[manage.RevealedKey](ctx, c, rq)
	return manage.CreatedKey{KeyView: made.KeyView, Secret: wrap(made.Secret), Replayed: made.Secret == nil}, err
}

// wrap hides a secret that has just come in.
func wrap(secret *string) keys.Secret {
	if secret == nil {
		return keys.Secret{}
	}
	return keys.NewSecret(*secret)
}

// ListKeys implements manage.Service.
func (c *Client) ListKeys(ctx context.Context, by manage.Call, query manage.KeyQuery) (manage.Page[manage.KeyView], error) {
	rq := ask(by, http.MethodGet, "data", "keys").
		filter("status", string(query.Status)).filter("environment", string(query.Environment)).
		filter("project", query.Project).filter("owner", query.Owner).filter("q", query.Search).
		filter("limit", number(query.Limit)).filter("cursor", query.Cursor)
	return call[manage.Page[manage.KeyView]](ctx, c, rq)
}

// number is empty for zero, which is what isn't stated.
func number(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// ShowKey implements manage.Service.
func (c *Client) ShowKey(ctx context.Context, by manage.Call, id keys.ID) (manage.KeyView, error) {
	return c.tagged(ctx, ask(by, http.MethodGet, "id", "keys", string(id)))
}

// EditKey implements manage.Service.
func (c *Client) EditKey(ctx context.Context, by manage.Call, id keys.ID, edit manage.KeyEdit) (manage.KeyView, error) {
	rq := ask(by, http.MethodPatch, "id", "keys", string(id)).with(edit)
	if edit.IfMatch.Set {
		rq.header.Set("If-Match", edit.IfMatch.Value)
	}
	return c.tagged(ctx, rq)
}

// tagged reads a key with its ETag.
func (c *Client) tagged(ctx context.Context, rq *request) (manage.KeyView, error) {
	key, header, err := callFull[manage.KeyView](ctx, c, rq)
	key.ETag = header.Get("ETag")
	return key, err
}

// RevokeKey implements manage.Service.
func (c *Client) RevokeKey(ctx context.Context, by manage.Call, id keys.ID, end manage.Revocation) (manage.RevokedKey, error) {
	rq := ask(by, http.MethodPost, "id", "keys", string(id), "revoke").with(end)
	// Revoking again changes nothing, and has the receipt of the first time.
	rq.repeatable = true
	if wait, err := manage.ParseWait(end.Wait); err == nil { // else the API says what is wrong with it
		rq.longer = wait
	}
	return call[manage.RevokedKey](ctx, c, rq)
}

// ReactivateKey implements manage.Service.
func (c *Client) ReactivateKey(ctx context.Context, by manage.Call, id keys.ID) (manage.KeyView, error) {
	return c.tagged(ctx, ask(by, http.MethodPost, "id", "keys", string(id), "reactivate"))
}

// RotateKey implements manage.Service.
func (c *Client) RotateKey(ctx context.Context, by manage.Call, id keys.ID, turn manage.Rotation) (manage.CreatedKey, error) {
	return c.created(ctx, ask(by, http.MethodPost, "id", "keys", string(id), "rotate").with(turn).once(by))
}

// DeleteKey implements manage.Service.
func (c *Client) DeleteKey(ctx context.Context, by manage.Call, id keys.ID) error {
	return c.do(ctx, ask(by, http.MethodDelete, "", "keys", string(id)))
}
