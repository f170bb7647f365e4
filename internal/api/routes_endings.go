package api

import (
	"net/http"

	"github.com/keystile/keystile/internal/manage"
	"github.com/keystile/keystile/internal/problem"
)

// endingRoutes end keys, and bring them back.
var endingRoutes = []route{
	{
		method: http.MethodPost, path: keyPath + "/revoke", id: "revoke-key", status: http.StatusOK,
		summary: "End a key; revoking again changes nothing", operation: maybe(revokeKey),
		about: "With `wait` the answer comes once every node enforces it, or when the wait is over: `receipt.confirmed` says which. The revocation stands either way. Where 64 calls wait already, or the gateway that was asked ends or gets a new configuration, the wait is over at once.",
	},
	{
		method: http.MethodPost, path: keyPath + "/reactivate", id: "reactivate-key", status: http.StatusOK,
		summary: "Undo a pause, or a revocation where the configuration has these reversible", operation: maybe(reactivateKey),
		refusals: []problem.Code{problem.PlanLimitReached, problem.RevocationPermanent},
	},
	{
		method: http.MethodPost, path: keyPath + "/rotate", id: "rotate-key", status: http.StatusCreated,
		summary: "Make a key with the same rights; the old one works until its grace is over", operation: maybe(rotateKey),
		once: true, located: true, tagged: true, refusals: []problem.Code{problem.RotationInProgress, problem.KeyNotActive, problem.PlanLimitReached},
	},
	{
		method: http.MethodDelete, path: keyPath, id: "delete-key", status: http.StatusNoContent,
		summary: "Delete a key for good; its audit trail and usage stay", operation: order(deleteKey),
	},
}

func revokeKey(rq *request, in manage.Revocation) (manage.RevokedKey, error) {
	return rq.service.RevokeKey(rq.ctx, rq.call, rq.id(), in)
}

// Reactivation is the body of a call that needs nothing said.
type Reactivation struct{}

func reactivateKey(rq *request, _ Reactivation) (manage.KeyView, error) {
	return rq.service.ReactivateKey(rq.ctx, rq.call, rq.id())
}

func rotateKey(rq *request, in manage.Rotation) (manage.RevealedKey, error) {
	made, err := rq.service.RotateKey(rq.ctx, rq.call, rq.id(), in)
	return newKey(rq, made, err)
}

func deleteKey(rq *request) error {
	return rq.service.DeleteKey(rq.ctx, rq.call, rq.id())
}
