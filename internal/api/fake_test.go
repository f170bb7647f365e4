package api_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/manage"
)

// fake is a Service that notes how it is called, and answers what it was told.
type fake struct {
	calls []string // each as "Method {arguments after the call}"
	call  manage.Call

	err     error
	key     manage.KeyView
	created manage.CreatedKey
	token   manage.CreatedToken
}

// setupFake is the API over a fake, with nothing behind it.
func setupFake(t *testing.T) (*fixture, *fake) {
	t.Helper()
	service := &fake{
		key:     plainKey("key_a", `"one"`),
		created: manage.CreatedKey{KeyView: plainKey("key_b", `"new"`), Secret: keys.NewSecret("ks_live_whole")},
		token:   manage.CreatedToken{TokenView: manage.TokenView{ID: "tok_a"}, Secret: keys.NewSecret("kst_whole")},
	}
	f := &fixture{token: "kst_any", operator: "kst_any", log: newLog()}
	f.verify = func(ctx context.Context, call manage.Call, ask manage.Verification) (manage.Verified, error) {
		return allowAnything(ctx, call.Actor.Workspace, ask)
	}
	f.inspect = service
	f.serve(t, service, func(context.Context, string, string) (manage.Actor, error) {
		return manage.Actor{Kind: manage.ActorToken, ID: "tok_1", Workspace: "default"}, nil
	})
	return f, service
}

func plainKey(id keys.ID, etag string) manage.KeyView {
	return manage.KeyView{
		ID: id, ETag: etag, Status: keys.Active, Kind: keys.Personal, Environment: keys.Live,
		Scopes: []string{}, AllowedIPs: []string{}, Metadata: map[string]string{},
	}
}

func (s *fake) note(call manage.Call, method string, args ...any) error {
	s.call = call
	s.calls = append(s.calls, strings.TrimSpace(fmt.Sprintf("%s %+v", method, args)))
	return s.err
}

// last is the call that came last.
func (s *fake) last() string {
	if len(s.calls) == 0 {
		return ""
	}
	return s.calls[len(s.calls)-1]
}

func (s *fake) CreateKey(_ context.Context, call manage.Call, ask manage.NewKey) (manage.CreatedKey, error) {
	return s.created, s.note(call, "CreateKey", ask.Name)
}

func (s *fake) ListKeys(_ context.Context, call manage.Call, query manage.KeyQuery) (manage.Page[manage.KeyView], error) {
	return manage.Page[manage.KeyView]{Data: []manage.KeyView{}}, s.note(call, "ListKeys", query)
}

func (s *fake) ShowKey(_ context.Context, call manage.Call, id keys.ID) (manage.KeyView, error) {
	return s.key, s.note(call, "ShowKey", id)
}

func (s *fake) EditKey(_ context.Context, call manage.Call, id keys.ID, edit manage.KeyEdit) (manage.KeyView, error) {
	return s.key, s.note(call, "EditKey", id, edit)
}

func (s *fake) RevokeKey(_ context.Context, call manage.Call, id keys.ID, ask manage.Revocation) (manage.RevokedKey, error) {
	return manage.RevokedKey{KeyView: s.key}, s.note(call, "RevokeKey", id, ask)
}

func (s *fake) ReactivateKey(_ context.Context, call manage.Call, id keys.ID) (manage.KeyView, error) {
	return s.key, s.note(call, "ReactivateKey", id)
}

func (s *fake) RotateKey(_ context.Context, call manage.Call, id keys.ID, ask manage.Rotation) (manage.CreatedKey, error) {
	return s.created, s.note(call, "RotateKey", id, ask)
}

func (s *fake) DeleteKey(_ context.Context, call manage.Call, id keys.ID) error {
	return s.note(call, "DeleteKey", id)
}

func (s *fake) KeyUsage(_ context.Context, call manage.Call, id keys.ID, query manage.UsageQuery) (manage.UsageView, error) {
	return manage.UsageView{Data: []manage.UsageRow{}}, s.note(call, "KeyUsage", id, query)
}

func (s *fake) KeyActivity(_ context.Context, call manage.Call, id keys.ID, query manage.ActivityQuery) (manage.ActivityView, error) {
	return manage.ActivityView{Data: []manage.CallView{}}, s.note(call, "KeyActivity", id, query)
}

func (s *fake) ExplainRequest(_ context.Context, call manage.Call, ask manage.Question) (manage.Explained, error) {
	return manage.Explained{Steps: []manage.ExplainedStep{}, Notes: []string{}}, s.note(call, "ExplainRequest", ask)
}

func (s *fake) ListAudit(_ context.Context, call manage.Call, query manage.AuditQuery) (manage.Page[manage.AuditView], error) {
	return manage.Page[manage.AuditView]{Data: []manage.AuditView{}}, s.note(call, "ListAudit", query)
}

func (s *fake) ListGates(_ context.Context, call manage.Call) (manage.GatesView, error) {
	return manage.GatesView{Gates: []manage.GateView{}, Unlisted: []manage.UnlistedView{}}, s.note(call, "ListGates")
}

func (s *fake) ReportRefusals(_ context.Context, call manage.Call, query manage.ReportQuery) (manage.ReportView, error) {
	return manage.ReportView{Data: []manage.RefusalView{}}, s.note(call, "ReportRefusals", query)
}

func (s *fake) LookUpSecret(_ context.Context, call manage.Call, ask manage.SecretQuery) (manage.SecretView, error) {
	return manage.SecretView{Kind: "key", Status: "active", ID: "key_a", Workspace: "default"}, s.note(call, "LookUpSecret", ask.Secret)
}

func (s *fake) CreateToken(_ context.Context, call manage.Call, ask manage.NewToken) (manage.CreatedToken, error) {
	return s.token, s.note(call, "CreateToken", ask)
}

func (s *fake) ListTokens(_ context.Context, call manage.Call, query manage.TokenQuery) (manage.Page[manage.TokenView], error) {
	return manage.Page[manage.TokenView]{Data: []manage.TokenView{}}, s.note(call, "ListTokens", query)
}

func (s *fake) DeleteToken(_ context.Context, call manage.Call, id string) error {
	return s.note(call, "DeleteToken", id)
}

func (s *fake) CreateWorkspace(_ context.Context, call manage.Call, ask manage.NewWorkspace) (manage.WorkspaceView, error) {
	return manage.WorkspaceView{Name: ask.Name}, s.note(call, "CreateWorkspace", ask)
}

func (s *fake) EditWorkspace(_ context.Context, call manage.Call, name string, edit manage.WorkspaceEdit) (manage.WorkspaceView, error) {
	return manage.WorkspaceView{Name: name}, s.note(call, "EditWorkspace", name, edit)
}

func (s *fake) ListWorkspaces(_ context.Context, call manage.Call) (manage.Page[manage.WorkspaceView], error) {
	return manage.Page[manage.WorkspaceView]{Data: []manage.WorkspaceView{}}, s.note(call, "ListWorkspaces")
}

func (s *fake) CreateProject(_ context.Context, call manage.Call, ask manage.NewProject) (manage.ProjectView, error) {
	return manage.ProjectView{Name: ask.Name}, s.note(call, "CreateProject", ask)
}

func (s *fake) ListProjects(_ context.Context, call manage.Call) (manage.Page[manage.ProjectView], error) {
	return manage.Page[manage.ProjectView]{Data: []manage.ProjectView{}}, s.note(call, "ListProjects")
}

func (s *fake) DeleteProject(_ context.Context, call manage.Call, name string) error {
	return s.note(call, "DeleteProject", name)
}

func (s *fake) CreateProfile(_ context.Context, call manage.Call, ask manage.NewProfile) (manage.ProfileView, error) {
	return manage.ProfileView{Name: ask.Name}, s.note(call, "CreateProfile", ask)
}

func (s *fake) ListProfiles(_ context.Context, call manage.Call) (manage.Page[manage.ProfileView], error) {
	return manage.Page[manage.ProfileView]{Data: []manage.ProfileView{}}, s.note(call, "ListProfiles")
}

func (s *fake) DeleteProfile(_ context.Context, call manage.Call, name string) error {
	return s.note(call, "DeleteProfile", name)
}

func (s *fake) ListPlans(_ context.Context, call manage.Call) (manage.Page[manage.PlanView], error) {
	return manage.Page[manage.PlanView]{Data: []manage.PlanView{}}, s.note(call, "ListPlans")
}

func (s *fake) ListScopes(_ context.Context, call manage.Call) (manage.Page[manage.ScopeView], error) {
	return manage.Page[manage.ScopeView]{Data: []manage.ScopeView{}}, s.note(call, "ListScopes")
}
