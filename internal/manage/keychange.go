package manage

import (
	"context"
	"errors"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/problem"
	"github.com/keystile/keystile/internal/storage"
)

// keyChange is a change of one key on its way, in the transaction that makes
// it.
type keyChange struct {
	*Manager
	tx    storage.Tx
	to    reach
	was   *keys.Key // as the store has it
	key   *keys.Key // as it is to be; its lists are replaced, never changed in place
	now   time.Time
	entry storage.AuditEntry
}

// changing finds the key that a call is to change, where the key that acts
// holds no less.
func (m *Manager) changing(ctx context.Context, tx storage.Tx, d deed, to reach) (*keyChange, error) {
	was, err := to.find(ctx, tx, d.key)
	if err != nil {
		return nil, err
	}
	if err := to.change(was); err != nil {
		return nil, err
	}
	key, entry := *was, m.entryOf(d.call, d.action, was)
	return &keyChange{Manager: m, tx: tx, to: to, was: was, key: &key, now: entry.Time, entry: entry}, nil
}

// save writes the key with its audit entry where anything about it changed.
func (c *keyChange) save(ctx context.Context) error {
	c.entry.Changes = changesBetween(c.was, c.key)
	if len(c.entry.Changes) == 0 {
		return nil
	}
	if err := c.to.grant(c.key); err != nil {
		return err
	}
	if err := c.write(ctx); err != nil {
		return err
	}
	return c.tx.AppendAudit(ctx, c.entry)
}

func (c *keyChange) write(ctx context.Context) error {
	if ended(c.was, c.now) && !ended(c.key, c.now) {
		return c.revive(ctx)
	}
	return c.tx.UpdateKey(ctx, c.key)
}

// ended reports whether a key has left its plan's count: revoked or expired.
func ended(k *keys.Key, now time.Time) bool {
	status := k.StatusAt(now)
	return status != keys.Active && status != keys.Inactive
}

// revive writes a key that comes back from its end. What it left has to have
// room for it still, in the same transaction.
func (c *keyChange) revive(ctx context.Context) error {
	workspace, err := workspaceExists(ctx, c.tx, c.key.Workspace)
	if err != nil {
		return err
	}
	if err := c.belongs(ctx); err != nil {
		return err
	}
	before, err := c.tx.CountKeys(ctx, workspace.Name, c.now)
	if err != nil {
		return err
	}
	if err := c.tx.UpdateKey(ctx, c.key); err != nil {
		return err
	}
	// It may count as one with the key that replaced it.
	after, err := c.tx.CountKeys(ctx, workspace.Name, c.now)
	if err != nil || after <= before {
		return err
	}
	most, err := c.mostKeys(workspace)
	if err == nil && most > 0 && after > most {
		return c.planFull(workspace, most)
	}
	return err
}

// belongs refuses a key whose project or place in its line went while it was
// ended. Of a line of replacements, no more than two keys work at a time.
func (c *keyChange) belongs(ctx context.Context) error {
	err := projectKnown(ctx, c.tx, c.key)
	if _, refused := errors.AsType[*Error](err); refused {
		return refuse(problem.KeyNotActive, "project", "The key's project is not there any more: create it again first.")
	}
	if err != nil || c.key.ReplacedBy == "" {
		return err
	}
	successor, err := c.tx.Key(ctx, c.key.ReplacedBy)
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return nil
	case err == nil && successor.ReplacedBy != "":
		return refuse(problem.RotationInProgress, "", "The key that replaced this one was replaced in turn: this one can't come back.")
	}
	return err
}
