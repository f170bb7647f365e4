// Command client creates a key, finds it in the list, and revokes it, with a
// client that was generated from the OpenAPI document. It prints what it got.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"

	"github.com/keystile/keystile/tools/client/keystile"
)

func main() {
	if err := run(context.Background(), os.Getenv("KEYSTILE_API"), os.Getenv("KEYSTILE_TOKEN")); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// answer is one of the client's.
type answer interface{ Status() string }

func unexpected(doing string, err error, got answer) error {
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return fmt.Errorf("%s: answered %s, or another document than was described", doing, got.Status())
}

func run(ctx context.Context, address, token string) error {
	client, err := keystile.NewClientWithResponses(address, keystile.WithRequestEditorFn(func(_ context.Context, r *http.Request) error {
		r.Header.Set("Authorization", "Bearer "+token)
		return nil
	}))
	if err != nil {
		return err
	}
	once, environment := "generated-1", keystile.NewKeyEnvironment("test")
	made, err := client.CreateKeyWithResponse(ctx, &keystile.CreateKeyParams{IdempotencyKey: &once}, keystile.NewKey{
		Name: "by a generated client", Environment: &environment, Scopes: &[]string{"read", "write"}, Metadata: &map[string]string{"team": "blue"},
	})
	if err != nil || made.JSON201 == nil || made.JSON201.Secret == nil {
		return unexpected("create", err, made)
	}
	id := made.JSON201.Id
	again, err := client.CreateKeyWithResponse(ctx, &keystile.CreateKeyParams{IdempotencyKey: &once}, keystile.NewKey{
		Name: "by a generated client", Environment: &environment, Scopes: &[]string{"read", "write"}, Metadata: &map[string]string{"team": "blue"},
	})
	if err != nil || again.JSON200 == nil || again.JSON200.Id != id || again.JSON200.Secret != nil {
		return unexpected("repeat", err, again)
	}
	tag := made.HTTPResponse.Header.Get("ETag")
	description := "narrower"
	edited, err := client.EditKeyWithResponse(ctx, id, &keystile.EditKeyParams{IfMatch: &tag}, keystile.KeyEdit{Description: &description, Scopes: &[]string{"read"}})
	if err != nil || edited.JSON200 == nil || edited.JSON200.Description != description || len(edited.JSON200.Scopes) != 1 {
		return unexpected("edit", err, edited)
	}
	search := "generated"
	listed, err := client.ListKeysWithResponse(ctx, &keystile.ListKeysParams{Q: &search})
	if err != nil || listed.JSON200 == nil || len(listed.JSON200.Data) != 1 || listed.JSON200.NextCursor != nil {
		return unexpected("list", err, listed)
	}
	reason := "it was only a try"
	revoked, err := client.RevokeKeyWithResponse(ctx, id, nil, keystile.Revocation{Reason: &reason})
	if err != nil || revoked.JSON200 == nil || revoked.JSON200.Status != "revoked" {
		return unexpected("revoke", err, revoked)
	}
	refused, err := client.ShowKeyWithResponse(ctx, "key_nobody", nil)
	if err != nil || refused.JSON404 == nil || refused.JSON404.Error.Code != "not_found" {
		return unexpected("show what isn't there", err, refused)
	}
	return json.NewEncoder(os.Stdout).Encode(map[string]string{"id": id, "secret": *made.JSON201.Secret, "listed": listed.JSON200.Data[0].Id})
}
