package sqlcore

import (
	"context"
	"fmt"

	"github.com/keystile/keystile/internal/storage"
)

const profileColumns = `name, workspace, created_at`

// Profile implements storage.Reader.
func (r *Reader) Profile(ctx context.Context, workspace, name string) (storage.Profile, error) {
	p, err := scanProfile(func(dest ...any) error {
		return r.Row(ctx, "SELECT "+profileColumns+" FROM profiles WHERE workspace = ? AND name = ?", []any{workspace, name}, dest...)
	})
	if err != nil {
		return storage.Profile{}, fmt.Errorf("read a profile of %s: %w", workspace, err)
	}
	return p, nil
}

// Profiles implements storage.Reader.
func (r *Reader) Profiles(ctx context.Context, workspace string) ([]storage.Profile, error) {
	all, err := Collect(ctx, r.Session, "SELECT "+profileColumns+" FROM profiles WHERE workspace = ? ORDER BY name",
		[]any{workspace}, scanProfile)
	if err != nil {
		return nil, fmt.Errorf("list the profiles of %s: %w", workspace, err)
	}
	return all, nil
}

// profileInUse repeats the condition of the index that it is to be answered by.
const profileInUse = `SELECT EXISTS (SELECT 1 FROM keys WHERE workspace = ?1 AND profile = ?2 AND profile <> '')`

// ProfileInUse implements storage.Reader.
func (r *Reader) ProfileInUse(ctx context.Context, workspace, name string) (bool, error) {
	var used bool
	if err := r.Row(ctx, profileInUse, []any{workspace, name}, &used); err != nil {
		return false, fmt.Errorf("look for keys with a profile: %w", err)
	}
	return used, nil
}

// InsertProfile implements storage.Tx.
func (t *Transaction) InsertProfile(ctx context.Context, p storage.Profile) error {
	t.unlogged = true
	err := t.insert(ctx, "profiles", profileColumns, p.Name, p.Workspace, Micros(p.CreatedAt))
	if err != nil {
		return fmt.Errorf("insert a profile of %s: %w", p.Workspace, err)
	}
	return nil
}

// DeleteProfile implements storage.Tx.
func (t *Transaction) DeleteProfile(ctx context.Context, workspace, name string) error {
	t.unlogged = true
	var deleted string
	err := t.Row(ctx, `DELETE FROM profiles WHERE workspace = ? AND name = ? RETURNING name`, []any{workspace, name}, &deleted)
	if err != nil {
		return fmt.Errorf("delete a profile of %s: %w", workspace, err)
	}
	return nil
}

func scanProfile(row Scan) (storage.Profile, error) {
	var p storage.Profile
	var created int64
	err := row(&p.Name, &p.Workspace, &created)
	p.CreatedAt = FromMicros(created)
	return p, err
}
