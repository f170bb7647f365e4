package manage

import (
	"context"
	"errors"

	"github.com/keystile/keystile/internal/storage"
)

// enter returns the workspace that a call is about. A call that its actor may
// not make is refused and leaves an entry in the audit trail.
func (m *Manager) enter(ctx context.Context, call Call, action string) (string, error) {
	workspace, err := call.workspace()
	if err != nil {
		return "", m.refused(ctx, call, action, err)
	}
	return workspace, nil
}

// operate refuses whoever may not enter every workspace, as enter does.
func (m *Manager) operate(ctx context.Context, call Call, action string) error {
	if err := call.operator(); err != nil {
		return m.refused(ctx, call, action, err)
	}
	return nil
}

// refused records that somebody tried what they may not do. It returns why,
// or what kept it from being recorded: neither lets the call go on.
func (m *Manager) refused(ctx context.Context, call Call, action string, why error) error {
	entry := m.entry(call, call.Actor.Workspace, action+".refused")
	if isWorkspaceName(call.Workspace) {
		entry.Target = call.Workspace
	}
	return m.recordRefusal(ctx, entry, why)
}

func (m *Manager) recordRefusal(ctx context.Context, entry storage.AuditEntry, why error) error {
	err := m.update(ctx, "record a refusal", func(tx storage.Tx) error {
		return tx.AppendAudit(ctx, entry)
	})
	if err != nil {
		return err
	}
	return why
}

// sought records that somebody named a key that their workspace doesn't have.
// Whether another one has it is not for them to know, so the entry is the same
// and doesn't name the key. Other errors pass.
func (m *Manager) sought(ctx context.Context, call Call, workspace, action string, err error) error {
	if !errors.Is(err, errNoKey) {
		return err
	}
	return m.recordRefusal(ctx, m.entry(call, workspace, action+".refused"), err)
}

// workspaceExists answers 404 where a workspace was not made.
func workspaceExists(ctx context.Context, r storage.Reader, name string) (storage.Workspace, error) {
	w, err := r.Workspace(ctx, name)
	return w, found("workspace", err)
}
