package api

import (
	"net/http"

	"github.com/keystile/keystile/internal/manage"
)

const tokensPath = "/v1/tokens"

var tokenRoutes = []route{
	{
		method: http.MethodPost, path: tokensPath, id: "create-token", status: http.StatusCreated,
		summary: "Create a management token; the answer shows its secret, once", operation: ask(createToken),
		once: true, located: true,
	},
	{
		method: http.MethodGet, path: tokensPath, id: "list-tokens", status: http.StatusOK,
		summary: "List management tokens", query: tokenFilters, operation: call(listTokens),
	},
	{
		method: http.MethodDelete, path: tokensPath + "/{id}", id: "delete-token", status: http.StatusNoContent,
		summary: "Delete a management token, which ends it", operation: removal(manage.Service.DeleteToken),
	},
}

var tokenFilters = []parameter{
	{name: "all_workspaces", kind: "boolean", about: "The operators' tokens instead of the workspace's."},
}

func createToken(rq *request, in manage.NewToken) (manage.RevealedToken, error) {
	made, err := rq.service.CreateToken(rq.ctx, rq.call, in)
	if err != nil {
		return manage.RevealedToken{}, err
	}
	rq.locate(tokensPath, made.ID)
	rq.replayed(made.Replayed)
	return made.Revealed(), nil
}

func listTokens(rq *request) (manage.Page[manage.TokenView], error) {
	all, err := rq.flag("all_workspaces")
	if err != nil {
		return manage.Page[manage.TokenView]{}, err
	}
	return rq.service.ListTokens(rq.ctx, rq.call, manage.TokenQuery{AllWorkspaces: all})
}
