package manage

import (
	"context"

	"github.com/keystile/keystile/internal/problem"
	"github.com/keystile/keystile/internal/storage"
)

// enter is the first step of each call: it returns the workspace that a call is
// about. A call that its actor may not make is refused and leaves an entry in
// the audit trail.
func (m *Manager) enter(ctx context.Context, call Call, action string) (string, error) {
	workspace, err := call.workspace()
	if err != nil {
		return "", m.refused(ctx, deed{call: call, action: action}, err)
	}
	return workspace, nil
}

// govern is enter for what is about the workspace as a whole: its tokens,
// projects and profiles. API keys manage keys, and nothing else.
func (m *Manager) govern(ctx context.Context, call Call, action string) (deed, error) {
	d, err := m.begin(ctx, call, action, "")
	if err != nil {
		return deed{}, err
	}
	if call.Actor.Kind == ActorKey {
		return deed{}, m.refused(ctx, d, refuse(problem.NotPermitted, "", "An API key manages keys; this takes a management token."))
	}
	return d, nil
}

// operate is enter for what is about no one workspace. It refuses whoever may
// not enter every one.
func (m *Manager) operate(ctx context.Context, call Call, action string) (deed, error) {
	d := deed{call: call, action: action}
	if err := call.operator(); err != nil {
		return deed{}, m.refused(ctx, d, err)
	}
	return d, nil
}

// workspaceExists answers 404 where a workspace was not made.
func workspaceExists(ctx context.Context, r storage.Reader, name string) (storage.Workspace, error) {
	w, err := r.Workspace(ctx, name)
	return w, found("workspace", err)
}
