package manage

import (
	"context"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

// DeleteKey implements Service. Keys that the deleted one replaced, or was
// replaced by, go on naming it, as the audit trail does: what was replaced
// still ends as the rotation said, and what replaced it is free to be rotated.
func (m *Manager) DeleteKey(ctx context.Context, call Call, id keys.ID) error {
	const action = "key.delete"
	workspace, err := m.enter(ctx, call, action)
	if err != nil {
		return err
	}
	err = m.update(ctx, "delete key", func(tx storage.Tx) error {
		change, err := m.changing(ctx, tx, call, workspace, action, id)
		if err != nil {
			return err
		}
		if err := tx.DeleteKey(ctx, id); err != nil {
			return err
		}
		change.entry.Changes = changesBetween(change.was, &keys.Key{})
		return tx.AppendAudit(ctx, change.entry)
	})
	return m.sought(ctx, call, workspace, action, err)
}
