package manage

import (
	"context"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/problem"
	"github.com/keystile/keystile/internal/storage"
)

// ReactivateKey implements Service. A key that is active already stays as it
// is. One that has expired is refused: its end must be moved first.
func (m *Manager) ReactivateKey(ctx context.Context, call Call, id keys.ID) (KeyView, error) {
	const action = "key.reactivate"
	workspace, err := m.enter(ctx, call, action)
	if err != nil {
		return KeyView{}, err
	}
	var out KeyView
	err = m.update(ctx, "reactivate key", func(tx storage.Tx) error {
		change, err := m.changing(ctx, tx, call, workspace, action, id)
		if err != nil {
			return err
		}
		if err := change.reactivate(); err != nil {
			return err
		}
		if err := change.save(ctx); err != nil {
			return err
		}
		out, err = viewWithUse(ctx, tx, change.key, change.now)
		return err
	})
	return out, m.sought(ctx, call, workspace, action, err)
}

func (c *keyChange) reactivate() error {
	if c.was.Status == keys.Revoked && !c.reversible {
		return refuse(problem.RevocationPermanent, "", "")
	}
	c.key.Status = keys.Active
	return c.unexpired()
}
