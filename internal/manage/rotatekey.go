package manage

import (
	"context"
	"errors"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/problem"
	"github.com/keystile/keystile/internal/storage"
)

// Rotation asks for a key in the place of another.
type Rotation struct {
	// Grace is how long the old key goes on working; empty: as long as the
	// configuration lets it at most.
	Grace  string `json:"grace,omitempty" example:"24h" doc:"How long the old key goes on working: a duration, 0s included."`
	Reason string `json:"reason,omitempty" doc:"Kept in the audit trail."`
}

// RotateKey implements Service. The two count as one key of the plan.
func (m *Manager) RotateKey(ctx context.Context, call Call, id keys.ID, ask Rotation) (CreatedKey, error) {
	d, err := m.begin(ctx, call, "key.rotate", id)
	if err != nil {
		return CreatedKey{}, err
	}
	grace, err := m.grace(ask.Grace)
	if err != nil {
		return CreatedKey{}, err
	}
	if err := m.checkText(reason, "reason", ask.Reason); err != nil {
		return CreatedKey{}, err
	}
	var out CreatedKey
	err = m.once(ctx, d, "rotate key", creating{
		ask: ask,
		make: func(tx storage.Tx, to reach) (_ string, err error) {
			out, err = m.rotateKey(ctx, tx, d, to, ask.Reason, grace)
			return string(out.ID), err
		},
		again: func(tx storage.Tx, to reach, made string) (err error) {
			out, err = m.madeKey(ctx, tx, to, made)
			return err
		},
	})
	if err != nil {
		return CreatedKey{}, err
	}
	return out, nil
}

func (m *Manager) rotateKey(ctx context.Context, tx storage.Tx, d deed, to reach, why string, grace time.Duration) (CreatedKey, error) {
	change, err := m.changing(ctx, tx, d, to)
	if err != nil {
		return CreatedKey{}, err
	}
	if err := change.rotatable(ctx); err != nil {
		return CreatedKey{}, err
	}
	successor, secret := change.successor(d.call.Actor.Name)
	change.entry.Reason, change.entry.Target = why, string(successor.ID)
	if err := change.handOver(ctx, successor, grace); err != nil {
		return CreatedKey{}, err
	}
	made := m.entryOf(d.call, "key.create", successor)
	made.Reason, made.Changes = why, changesOfNew(successor)
	return CreatedKey{KeyView: taggedView(successor, storage.UsageTotal{}, change.now), Secret: secret}, tx.AppendAudit(ctx, made)
}

// grace reads how long the old key is to work beside the new one.
func (m *Manager) grace(text string) (time.Duration, error) {
	if text == "" {
		return m.rotationGrace, nil
	}
	grace, err := ParseDuration(text)
	if err != nil {
		return 0, invalid("grace", "must be a duration such as 24h, 30m or 0s")
	}
	if grace > m.rotationGrace {
		return 0, invalid("grace", "must be at most %s, as the configuration says", DurationText(m.rotationGrace))
	}
	return grace, nil
}

// rotatable refuses a key that has ended, and one whose rotation, or that of
// the key before it, isn't over: of one line, no more than two keys work.
func (c *keyChange) rotatable(ctx context.Context) error {
	switch {
	case ended(c.was, c.now):
		return refuse(problem.KeyNotActive, "", "")
	case c.was.ReplacedBy != "":
		return refuse(problem.RotationInProgress, "", "The key was replaced already. Once it has ended, the one that replaced it can be rotated.")
	case c.was.Replaces == "":
		return nil
	}
	before, err := c.tx.Key(ctx, c.was.Replaces)
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return nil
	case err != nil:
		return err
	case !ended(before, c.now):
		return refuse(problem.RotationInProgress, "", "The key that this one replaced works still. Revoke that one, or wait until it ends at "+before.ExpiresAt.UTC().Format(time.RFC3339)+".")
	}
	return nil
}

// successor is a key with the rights of another, its end included, and a secret of
// its own. It goes on with the other one's line, and so with its buckets and
// quotas.
func (c *keyChange) successor(maker string) (*keys.Key, keys.Secret) {
	successor, secret := *c.was, c.format.Mint(c.was.Environment)
	successor.ID, successor.Hint = keys.NewID(), c.format.Hint(secret)
	successor.Digest, successor.Pepper = c.hasher.New(secret)
	successor.CreatedBy, successor.CreatedAt = maker, c.now
	successor.Replaces = c.was.ID
	return &successor, secret
}

// handOver stores the new key, then the end of the old one.
func (c *keyChange) handOver(ctx context.Context, successor *keys.Key, grace time.Duration) error {
	if err := c.tx.InsertKey(ctx, successor); err != nil {
		return err
	}
	c.key.ReplacedBy = successor.ID
	if end := c.now.Add(grace); c.key.ExpiresAt.IsZero() || end.Before(c.key.ExpiresAt) {
		c.key.ExpiresAt = end
	}
	return c.save(ctx)
}
