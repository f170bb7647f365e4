package client

import (
	"context"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/manage"
)

// recorder is a service that keeps what it was asked, and answers each call
// with the same error, or with nothing.
type recorder struct {
	err   error
	calls []manage.Call
	args  [][]any
}

var _ manage.Service = (*recorder)(nil)

func (r *recorder) note(call manage.Call, args ...any) error {
	r.calls, r.args = append(r.calls, call), append(r.args, args)
	return r.err
}

func (r *recorder) CreateKey(_ context.Context, call manage.Call, ask manage.NewKey) (manage.CreatedKey, error) {
	return manage.CreatedKey{}, r.note(call, "CreateKey", ask)
}

func (r *recorder) ListKeys(_ context.Context, call manage.Call, query manage.KeyQuery) (manage.Page[manage.KeyView], error) {
	return manage.Page[manage.KeyView]{}, r.note(call, "ListKeys", query)
}

func (r *recorder) ShowKey(_ context.Context, call manage.Call, id keys.ID) (manage.KeyView, error) {
	return manage.KeyView{}, r.note(call, "ShowKey", id)
}

func (r *recorder) EditKey(_ context.Context, call manage.Call, id keys.ID, edit manage.KeyEdit) (manage.KeyView, error) {
	return manage.KeyView{}, r.note(call, "EditKey", id, edit)
}

func (r *recorder) RevokeKey(_ context.Context, call manage.Call, id keys.ID, ask manage.Revocation) (manage.RevokedKey, error) {
	return manage.RevokedKey{}, r.note(call, "RevokeKey", id, ask)
}

func (r *recorder) ReactivateKey(_ context.Context, call manage.Call, id keys.ID) (manage.KeyView, error) {
	return manage.KeyView{}, r.note(call, "ReactivateKey", id)
}

func (r *recorder) RotateKey(_ context.Context, call manage.Call, id keys.ID, ask manage.Rotation) (manage.CreatedKey, error) {
	return manage.CreatedKey{}, r.note(call, "RotateKey", id, ask)
}

func (r *recorder) DeleteKey(_ context.Context, call manage.Call, id keys.ID) error {
	return r.note(call, "DeleteKey", id)
}

func (r *recorder) KeyUsage(_ context.Context, call manage.Call, id keys.ID, query manage.UsageQuery) (manage.UsageView, error) {
	return manage.UsageView{}, r.note(call, "KeyUsage", id, query)
}

func (r *recorder) KeyActivity(_ context.Context, call manage.Call, id keys.ID, query manage.ActivityQuery) (manage.ActivityView, error) {
	return manage.ActivityView{}, r.note(call, "KeyActivity", id, query)
}

func (r *recorder) ExplainRequest(_ context.Context, call manage.Call, ask manage.Question) (manage.Explained, error) {
	return manage.Explained{Steps: []manage.ExplainedStep{}, Notes: []string{}}, r.note(call, "ExplainRequest", ask)
}

func (r *recorder) ListAudit(_ context.Context, call manage.Call, query manage.AuditQuery) (manage.Page[manage.AuditView], error) {
	return manage.Page[manage.AuditView]{}, r.note(call, "ListAudit", query)
}

func (r *recorder) CreateToken(_ context.Context, call manage.Call, ask manage.NewToken) (manage.CreatedToken, error) {
	return manage.CreatedToken{}, r.note(call, "CreateToken", ask)
}

func (r *recorder) ListTokens(_ context.Context, call manage.Call, query manage.TokenQuery) (manage.Page[manage.TokenView], error) {
	return manage.Page[manage.TokenView]{}, r.note(call, "ListTokens", query)
}

func (r *recorder) DeleteToken(_ context.Context, call manage.Call, id string) error {
	return r.note(call, "DeleteToken", id)
}

func (r *recorder) CreateWorkspace(_ context.Context, call manage.Call, ask manage.NewWorkspace) (manage.WorkspaceView, error) {
	return manage.WorkspaceView{}, r.note(call, "CreateWorkspace", ask)
}

func (r *recorder) EditWorkspace(_ context.Context, call manage.Call, name string, edit manage.WorkspaceEdit) (manage.WorkspaceView, error) {
	return manage.WorkspaceView{}, r.note(call, "EditWorkspace", name, edit)
}

func (r *recorder) ListWorkspaces(_ context.Context, call manage.Call) (manage.Page[manage.WorkspaceView], error) {
	return manage.Page[manage.WorkspaceView]{}, r.note(call, "ListWorkspaces")
}

func (r *recorder) CreateProject(_ context.Context, call manage.Call, ask manage.NewProject) (manage.ProjectView, error) {
	return manage.ProjectView{}, r.note(call, "CreateProject", ask)
}

func (r *recorder) ListProjects(_ context.Context, call manage.Call) (manage.Page[manage.ProjectView], error) {
	return manage.Page[manage.ProjectView]{}, r.note(call, "ListProjects")
}

func (r *recorder) DeleteProject(_ context.Context, call manage.Call, name string) error {
	return r.note(call, "DeleteProject", name)
}

func (r *recorder) CreateProfile(_ context.Context, call manage.Call, ask manage.NewProfile) (manage.ProfileView, error) {
	return manage.ProfileView{}, r.note(call, "CreateProfile", ask)
}

func (r *recorder) ListProfiles(_ context.Context, call manage.Call) (manage.Page[manage.ProfileView], error) {
	return manage.Page[manage.ProfileView]{}, r.note(call, "ListProfiles")
}

func (r *recorder) DeleteProfile(_ context.Context, call manage.Call, name string) error {
	return r.note(call, "DeleteProfile", name)
}

func (r *recorder) ListPlans(_ context.Context, call manage.Call) (manage.Page[manage.PlanView], error) {
	return manage.Page[manage.PlanView]{}, r.note(call, "ListPlans")
}

func (r *recorder) ListScopes(_ context.Context, call manage.Call) (manage.Page[manage.ScopeView], error) {
	return manage.Page[manage.ScopeView]{}, r.note(call, "ListScopes")
}
