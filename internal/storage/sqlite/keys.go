package sqlite

import (
	"context"
	"fmt"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

// Key implements storage.Reader.
func (r *reader) Key(ctx context.Context, id keys.ID) (*keys.Key, error) {
	var row keyRow
	if err := r.row(ctx, "SELECT "+keyColumns+" FROM keys WHERE id = ?", []any{id}, row.dest()...); err != nil {
		return nil, fmt.Errorf("read key %s: %w", id, err)
	}
	return row.key()
}

// Keys implements storage.Reader. Damaged rows are left out and reported. The
// limit counts what is returned, so a page that is short is the last one.
func (r *reader) Keys(ctx context.Context, filter storage.KeyFilter) ([]keys.Key, error) {
	var page []keys.Key
	err := r.list(ctx, filter, func(row scan) (bool, error) {
		var stored keyRow
		if err := row(stored.dest()...); err != nil {
			return false, err
		}
		key, err := stored.key()
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

// list calls fn for each key that fits the filter, in order, until it says that
// it has enough.
func (r *reader) list(ctx context.Context, f storage.KeyFilter, fn func(scan) (bool, error)) error {
	parts, err := r.rare(ctx, f)
	if err != nil {
		return err
	}
	if parts != "" {
		return r.eachCandidate(ctx, f, parts, fn)
	}
	l, err := r.inListOrder(ctx, f)
	if err != nil {
		return err
	}
	return r.each(ctx, l.query(), l.args, fn)
}

// CountKeys implements storage.Reader.
func (r *reader) CountKeys(ctx context.Context, workspace string, now time.Time) (int, error) {
	var count int
	err := r.row(ctx, `SELECT count(*) FROM keys AS k
		WHERE k.workspace = ?1 AND k.status <> 'revoked' AND (k.expires_at IS NULL OR k.expires_at > ?2)
		AND NOT (k.replaced_by <> '' AND EXISTS (SELECT 1 FROM keys AS r
			WHERE r.id = k.replaced_by AND r.workspace = ?1 AND r.status <> 'revoked' AND (r.expires_at IS NULL OR r.expires_at > ?2)))`,
		[]any{workspace, micros(now)}, &count)
	if err != nil {
		return 0, fmt.Errorf("count the keys of %s: %w", workspace, err)
	}
	return count, nil
}

// InsertKey implements storage.Tx.
func (t *transaction) InsertKey(ctx context.Context, key *keys.Key) error {
	args, err := keyArgs(key)
	if err != nil {
		return err
	}
	err = t.exec(ctx, "INSERT INTO keys ("+keyColumns+", search) VALUES "+placeholders(1, keyColumnCount+1), args...)
	if err != nil {
		return fmt.Errorf("insert key %s: %w", key.ID, err)
	}
	t.log(storage.Change{Subject: storage.SubjectKey, Name: string(key.ID), Digests: []keys.Digest{key.Digest}})
	return nil
}

// UpdateKey implements storage.Tx. It mends a damaged row.
func (t *transaction) UpdateKey(ctx context.Context, key *keys.Key) error {
	args, err := keyArgs(key)
	if err != nil {
		return err
	}
	var was []byte
	if err := t.row(ctx, "SELECT digest FROM keys WHERE id = ?", []any{key.ID}, &was); err != nil {
		return fmt.Errorf("update key %s: %w", key.ID, err)
	}
	err = t.exec(ctx, "UPDATE keys SET ("+keyColumns+", search) = "+placeholders(1, keyColumnCount+1)+" WHERE id = ?",
		append(args, key.ID)...)
	if err != nil {
		return fmt.Errorf("update key %s: %w", key.ID, err)
	}
	change := storage.Change{Subject: storage.SubjectKey, Name: string(key.ID), Digests: []keys.Digest{key.Digest}}
	if old, err := toDigest(was); err == nil && old != key.Digest {
		change.Digests = append(change.Digests, old)
	}
	t.log(change)
	return nil
}

// DeleteKey implements storage.Tx. A damaged row can be deleted too.
func (t *transaction) DeleteKey(ctx context.Context, id keys.ID) error {
	var raw []byte
	if err := t.row(ctx, "DELETE FROM keys WHERE id = ? RETURNING digest", []any{id}, &raw); err != nil {
		return fmt.Errorf("delete key %s: %w", id, err)
	}
	change := storage.Change{Subject: storage.SubjectKey, Name: string(id)}
	if digest, err := toDigest(raw); err == nil {
		change.Digests = []keys.Digest{digest}
	}
	t.log(change)
	return nil
}
