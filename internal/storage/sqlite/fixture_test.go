package sqlite

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"path/filepath"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// setup opens a new database with its schema.
func setup(t testing.TB, opts ...Option) *Store {
	t.Helper()
	s := open(t, filepath.Join(t.TempDir(), "keys.db"), opts...)
	must(t, s.Migrate(t.Context()))
	return s
}

// open opens a store until the test ends.
func open(t testing.TB, path string, opts ...Option) *Store {
	t.Helper()
	s, err := Open(path, opts...)
	must(t, err)
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// raw opens the file as another program would.
func raw(t testing.TB, path string) *sql.DB {
	t.Helper()
	db, err := pool(path, 1)
	must(t, err)
	t.Cleanup(func() { must(t, db.Close()) })
	return db
}

func mustExec(t testing.TB, db *sql.DB, statement string, args ...any) {
	t.Helper()
	_, err := db.ExecContext(t.Context(), statement, args...)
	must(t, err)
}

func newKey(id keys.ID) *keys.Key {
	return &keys.Key{
		ID: id, Digest: sha256.Sum256([]byte(id)), Name: "Key " + string(id), Hint: "hint", Status: keys.Active,
		Environment: keys.Live, Scopes: []string{"read"}, AllowedIPs: []string{"192.0.2.1"}, Workspace: storage.DefaultWorkspace,
		CreatedAt: noon, Lineage: id,
	}
}

// insert stores a key in an Update of its own.
func insert(ctx context.Context, s *Store, id keys.ID) error {
	_, err := s.Update(ctx, func(tx storage.Tx) error { return tx.InsertKey(ctx, newKey(id)) })
	return err
}

func lookup(ctx context.Context, s *Store, id keys.ID) (*keys.Key, error) {
	found, err := s.Lookup(ctx, []keys.Digest{newKey(id).Digest})
	return found.Key, err
}

// list returns the IDs of all keys in the default workspace.
func list(t testing.TB, s *Store) []keys.ID {
	t.Helper()
	var ids []keys.ID
	must(t, s.View(t.Context(), func(r storage.Reader) error {
		all, err := r.Keys(t.Context(), storage.KeyFilter{Workspace: storage.DefaultWorkspace})
		for i := range all {
			ids = append(ids, all[i].ID)
		}
		return err
	}))
	return ids
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
