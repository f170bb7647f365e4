package manage

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

// ending finds a key that is to be ended for good. One whose record is damaged
// can be ended, too: gates don't let it in, but whoever holds it should be
// refused for good. Nothing of such a record is believed, so the key comes as
// one that holds nothing, and whose secret is nobody's.
func (to reach) ending(ctx context.Context, r storage.Reader, id keys.ID, now time.Time) (key *keys.Key, damaged bool, err error) {
	key, err = to.find(ctx, r, id)
	if !errors.Is(err, storage.ErrDamaged) {
		return key, false, err
	}
	owner, err := to.owner(ctx, r, id)
	if err != nil {
		return nil, true, err
	}
	key = &keys.Key{
		ID: id, Lineage: id, Workspace: owner.Workspace, Project: owner.Project, CreatedAt: now,
		Name: "Damaged key", Description: "What stood here was damaged. The audit trail says what the key was made with.",
		Kind: keys.Personal, Environment: keys.Live,
	}
	if key.Project != "" {
		key.Kind = keys.Project
	}
	if _, err := rand.Read(key.Digest[:]); err != nil {
		return nil, true, err
	}
	return key, true, nil
}

// ofDamage is what the trail says beside the rest where a damaged record is
// replaced or removed.
func ofDamage(changes map[string]storage.FieldChange) map[string]storage.FieldChange {
	changes["record"] = storage.FieldChange{From: "damaged"}
	return changes
}
