package sqlcore

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

// Key implements storage.Reader.
func (r *Reader) Key(ctx context.Context, id keys.ID) (*keys.Key, error) {
	var row KeyRow
	if err := r.Row(ctx, "SELECT "+KeyColumns+" FROM keys WHERE id = ?", []any{id}, row.Dest()...); err != nil {
		return nil, fmt.Errorf("read key %s: %w", id, err)
	}
	return row.Key()
}

// Keys implements storage.Reader. Damaged rows are left out and reported. The
// limit counts what is returned, so a page that is short is the last one.
func (r *Reader) Keys(ctx context.Context, filter storage.KeyFilter) ([]keys.Key, error) {
	var page []keys.Key
	list := r.List
	if !filter.Plain() {
		if err := r.beforeSumsOf(ctx, filter); err != nil {
			return nil, err
		}
		list = ranked
	}
	err := list(ctx, r.Session, filter, func(row Scan) (bool, error) {
		var stored KeyRow
		if err := row(stored.Dest()...); err != nil {
			return false, err
		}
		key, err := stored.Key()
		if err != nil {
			r.onCorrupt(stored.id.V, err)
			return false, nil
		}
		page = append(page, *key)
		return len(page) == filter.Limit, nil
	})
	if err != nil {
		return nil, fmt.Errorf("list keys: %w", err)
	}
	return page, nil
}

// KeyByDigest implements storage.Reader.
func (r *Reader) KeyByDigest(ctx context.Context, digests []keys.Digest) (*keys.Key, error) {
	var row KeyRow
	of := r.FirstOf(digests)
	if err := r.Row(ctx, "SELECT "+KeyColumns+" FROM keys WHERE "+of.SQL, of.Args, row.Dest()...); err != nil {
		return nil, fmt.Errorf("find key: %w", err)
	}
	return row.Key()
}

// CountKeys implements storage.Reader.
func (r *Reader) CountKeys(ctx context.Context, workspace string, now time.Time) (int, error) {
	var count int
	err := r.Row(ctx, `SELECT count(*) FROM keys AS k
		WHERE k.workspace = ?1 AND k.status <> 'revoked' AND (k.expires_at IS NULL OR k.expires_at > ?2)
		AND NOT (k.replaced_by <> '' AND EXISTS (SELECT 1 FROM keys AS r
			WHERE r.id = k.replaced_by AND r.workspace = ?1 AND r.status <> 'revoked' AND (r.expires_at IS NULL OR r.expires_at > ?2)))`,
		[]any{workspace, Micros(now)}, &count)
	if err != nil {
		return 0, fmt.Errorf("count the keys of %s: %w", workspace, err)
	}
	return count, nil
}

// InsertKey implements storage.Tx.
func (t *Transaction) InsertKey(ctx context.Context, key *keys.Key) error {
	args, err := keyArgs(key)
	if err != nil {
		return err
	}
	if err := t.insert(ctx, "keys", KeyColumns+", search", args...); err != nil {
		return fmt.Errorf("insert key %s: %w", key.ID, err)
	}
	t.log(storage.Change{Subject: storage.SubjectKey, Name: string(key.ID), Digests: []keys.Digest{key.Digest}})
	return nil
}

// UpdateKey implements storage.Tx. It mends a damaged row.
func (t *Transaction) UpdateKey(ctx context.Context, key *keys.Key) error {
	args, err := keyArgs(key)
	if err != nil {
		return err
	}
	update := "UPDATE keys SET (" + KeyColumns + ", search) = " + Placeholders(1, len(args)) + " WHERE id = ? AND "
	change := storage.Change{Subject: storage.SubjectKey, Name: string(key.ID), Digests: []keys.Digest{key.Digest}}
	same, err := t.Change(ctx, update+"digest = ?", slices.Concat(args, []any{key.ID, key.Digest[:]})...)
	if err == nil && same == 0 {
		change.Digests, err = t.redigest(ctx, update, args, key)
	}
	if err != nil {
		return fmt.Errorf("update key %s: %w", key.ID, err)
	}
	t.log(change)
	return nil
}

// redigest is an update of a key under another digest. It returns those under
// which the key could be cached.
func (t *Transaction) redigest(ctx context.Context, update string, args []any, key *keys.Key) ([]keys.Digest, error) {
	var was []byte
	if err := t.Row(ctx, "SELECT digest FROM keys WHERE id = ?", []any{key.ID}, &was); err != nil {
		return nil, err
	}
	// Nobody else changes keys meanwhile, so the digest is free if it is now.
	err := t.Put(ctx, update+"NOT EXISTS (SELECT 1 FROM keys WHERE digest = ? AND id <> ?)", slices.Concat(args, []any{key.ID, key.Digest[:], key.ID})...)
	if err != nil {
		return nil, err
	}
	if old, err := toDigest(was); err == nil {
		return []keys.Digest{key.Digest, old}, nil
	}
	return []keys.Digest{key.Digest}, nil // it was damaged
}

// DeleteKey implements storage.Tx. A damaged row can be deleted too.
func (t *Transaction) DeleteKey(ctx context.Context, id keys.ID) error {
	var raw []byte
	if err := t.Row(ctx, "DELETE FROM keys WHERE id = ? RETURNING digest", []any{id}, &raw); err != nil {
		return fmt.Errorf("delete key %s: %w", id, err)
	}
	change := storage.Change{Subject: storage.SubjectKey, Name: string(id)}
	if digest, err := toDigest(raw); err == nil {
		change.Digests = []keys.Digest{digest}
	}
	t.log(change)
	return nil
}
