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
	d, err := m.begin(ctx, call, "key.reactivate", id)
	if err != nil {
		return KeyView{}, err
	}
	var out KeyView
	err = m.act(ctx, d, "reactivate key", func(tx storage.Tx, to reach) error {
		change, err := m.changing(ctx, tx, d, to)
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
	return out, err
}

func (c *keyChange) reactivate() error {
	if c.was.Status == keys.Revoked && !c.reversible {
		return refuse(problem.RevocationPermanent, "", "")
	}
	c.key.Status = keys.Active
	return c.unexpired()
}
