package manage

import (
	"context"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

// DeleteKey implements Service. Keys that the deleted one replaced, or was
// replaced by, go on naming it, as the audit trail does: what was replaced
// still ends as the rotation said, and what replaced it is free to be rotated.
// Who manages keys may delete one that holds more than itself, as it may
// revoke it.
func (m *Manager) DeleteKey(ctx context.Context, call Call, id keys.ID) error {
	d, err := m.begin(ctx, call, "key.delete", id)
	if err != nil {
		return err
	}
	return m.act(ctx, d, "delete key", func(tx storage.Tx, to reach) error {
		key, damaged, err := to.ending(ctx, tx, id, m.now())
		if err != nil {
			return err
		}
		if err := tx.DeleteKey(ctx, id); err != nil {
			return err
		}
		entry := m.entryOf(call, d.action, key)
		if entry.Changes = changesBetween(key, &keys.Key{}); damaged {
			entry.Changes = ofDamage(map[string]storage.FieldChange{})
		}
		return tx.AppendAudit(ctx, entry)
	})
}
