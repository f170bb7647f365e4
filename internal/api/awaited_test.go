package api_test

import (
	"context"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/manage"
)

// awaited is the Manager with what it doesn't do yet.
type awaited struct{ *manage.Manager }

func (a awaited) KeyActivity(ctx context.Context, call manage.Call, id keys.ID, _ manage.ActivityQuery) (manage.ActivityView, error) {
	_, err := a.ShowKey(ctx, call, id)
	return manage.ActivityView{Data: []manage.CallView{}}, err
}

func (a awaited) ListAudit(ctx context.Context, call manage.Call, _ manage.AuditQuery) (manage.Page[manage.AuditView], error) {
	_, err := a.ListKeys(ctx, call, manage.KeyQuery{})
	return manage.Page[manage.AuditView]{Data: []manage.AuditView{}}, err
}

func (a awaited) ListPlans(ctx context.Context, call manage.Call) (manage.Page[manage.PlanView], error) {
	_, err := a.ListKeys(ctx, call, manage.KeyQuery{})
	return manage.Page[manage.PlanView]{Data: []manage.PlanView{}}, err
}

func (a awaited) ListScopes(ctx context.Context, call manage.Call) (manage.Page[manage.ScopeView], error) {
	_, err := a.ListKeys(ctx, call, manage.KeyQuery{})
	return manage.Page[manage.ScopeView]{Data: []manage.ScopeView{}}, err
}
