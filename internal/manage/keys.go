package manage

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

// Revocation says why a key ends.
type Revocation struct {
	Reason string `json:"reason,omitempty" doc:"Kept in the audit trail."`
	// Wait is how long to wait for every node to enforce it; empty: not.
	Wait string `json:"wait,omitempty" example:"5s" doc:"How long to wait until every node enforces it: a duration. Without: not."`
}

// ShowKey implements Service.
func (m *Manager) ShowKey(ctx context.Context, call Call, id keys.ID) (KeyView, error) {
	d, err := m.begin(ctx, call, "key.show", id)
	if err != nil {
		return KeyView{}, err
	}
	var out KeyView
	err = m.look(ctx, d, "show key", func(r storage.Reader, to reach) error {
		key, err := to.find(ctx, r, id)
		if err != nil {
			return err
		}
		out, err = viewWithUse(ctx, r, key, m.now())
		return err
	})
	return out, err
}

// RevokeKey implements Service. Who manages keys may revoke one that holds
// more than itself: that gives nobody anything.
func (m *Manager) RevokeKey(ctx context.Context, call Call, id keys.ID, ask Revocation) (RevokedKey, error) {
	d, err := m.begin(ctx, call, "key.revoke", id)
	if err != nil {
		return RevokedKey{}, err
	}
	if err := m.checkText(reason, "reason", ask.Reason); err != nil {
		return RevokedKey{}, err
	}
	wait, err := patience(ask.Wait)
	if err != nil {
		return RevokedKey{}, err
	}
	var out RevokedKey
	var earlier storage.Revision // of the change that revoked it before
	made, err := m.acted(ctx, d, "revoke key", func(tx storage.Tx, to reach) error {
		key, damaged, err := to.ending(ctx, tx, id, m.now())
		if err != nil {
			return err
		}
		if earlier = 0; key.Status == keys.Revoked {
			earlier, err = tx.LastChange(ctx, storage.SubjectKey, string(id))
		} else {
			entry := m.entryOf(call, d.action, key)
			entry.Reason = ask.Reason
			entry.Changes = map[string]storage.FieldChange{"status": {From: textOrNil(key.Status), To: keys.Revoked}}
			if damaged {
				entry.Changes = ofDamage(entry.Changes)
			}
			err = endKey(ctx, tx, key, entry)
		}
		if err != nil {
			return err
		}
		out.KeyView, err = viewWithUse(ctx, tx, key, m.now())
		return err
	})
	if err != nil {
		return RevokedKey{}, err
	}
	out.Receipt = m.follow(ctx, pursuit{revision: cmp.Or(earlier, made), since: m.clock(), patience: wait})
	return out, nil
}

func endKey(ctx context.Context, tx storage.Tx, key *keys.Key, entry storage.AuditEntry) error {
	key.Status = keys.Revoked
	if err := tx.UpdateKey(ctx, key); err != nil {
		return err
	}
	return tx.AppendAudit(ctx, entry)
}

// keyIn finds a key of a workspace. One of another workspace is not found,
// with the same words.
func keyIn(ctx context.Context, r storage.Reader, workspace string, id keys.ID) (*keys.Key, error) {
	if !isWord(string(id), maxIDChars) {
		return nil, noKeyIn(ctx, r, workspace)
	}
	key, err := r.Key(ctx, id)
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return nil, noKeyIn(ctx, r, workspace)
	case err != nil:
		return nil, err
	case key.Workspace != workspace:
		return nil, noKeyIn(ctx, r, workspace)
	}
	return key, nil
}

// noKeyIn says that there is no such key, or not even such a workspace.
func noKeyIn(ctx context.Context, r storage.Reader, workspace string) error {
	if _, err := workspaceExists(ctx, r, workspace); err != nil {
		return err
	}
	return errNoKey
}

// errNoKey says that there is no such key within reach.
var errNoKey = notFound("key")

// maxIDChars is more than any ID has, so that no store is asked for a novel.
const maxIDChars = 100

func viewWithUse(ctx context.Context, r storage.Reader, key *keys.Key, now time.Time) (KeyView, error) {
	totals, err := r.UsageTotals(ctx, []keys.ID{key.ID})
	if err != nil {
		return KeyView{}, err
	}
	return taggedView(key, totals[key.ID], now), nil
}
