package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
)

//go:embed migrations/*.sql
var migrations embed.FS

// versionTable is goose's, save that a version can be entered only once: of
// two nodes that migrate at once, one fails and finds the work done.
const versionTable = `CREATE TABLE IF NOT EXISTS schema_version (
	id         INTEGER PRIMARY KEY AUTOINCREMENT,
	version_id INTEGER NOT NULL UNIQUE,
	is_applied INTEGER NOT NULL,
	tstamp     TIMESTAMP DEFAULT (datetime('now'))
)`

var errForeign = errors.New("the file is a SQLite database of another program")

// Migrate implements storage.Store. It is the only method that makes a file,
// with its folder. A database that is up to date, or newer, isn't changed, but has
// to be one that could be.
func (s *Store) Migrate(ctx context.Context) error {
	if err := s.create(); err != nil {
		return err
	}
	release, err := s.lockWriter(ctx, nil) // however long migrations take
	if err != nil {
		return err
	}
	defer release()
	c, err := s.connect()
	if err != nil {
		return err
	}
	err = s.retry(ctx, func() error { return migrate(ctx, c) })
	if err != nil {
		return fmt.Errorf("migrate %s: %w", s.path, translate(err))
	}
	return nil
}

// migrate applies what is missing. Each migration is a transaction that takes
// the lock first, so what fails for a lock or for another node's being faster
// can be repeated.
func migrate(ctx context.Context, c *connections) error {
	current, err := version(ctx, c.read)
	if err != nil {
		return err
	}
	steps, err := provider(c.write)
	if err != nil {
		return err
	}
	all := steps.ListSources()
	if target := all[len(all)-1].Version; current >= target {
		return writable(ctx, c.write)
	}
	if err := enterZero(ctx, c.write); err != nil {
		return err
	}
	if _, err = steps.Up(ctx); err == nil {
		return nil
	}
	if now, failed := version(ctx, c.read); failed == nil && now > current {
		return migrate(ctx, c) // another node was faster
	}
	return err
}

// writable finds out at the start, not at the first flush, that a file is
// read-only. It changes nothing. A file that another process is writing to
// will do.
func writable(ctx context.Context, db *sql.DB) error {
	_, err := db.ExecContext(ctx, `DELETE FROM head WHERE false`)
	if busy(err) {
		return nil
	}
	return err
}

// version returns the schema's version; -1 for an empty file.
func version(ctx context.Context, db *sql.DB) (int64, error) {
	var tables, ours, version int64
	err := db.QueryRowContext(ctx, `SELECT count(*), count(*) FILTER (WHERE name = 'schema_version') FROM sqlite_schema`).
		Scan(&tables, &ours)
	switch {
	case err != nil:
		return 0, err
	case tables == 0:
		return -1, nil
	case ours == 0:
		return 0, errForeign
	}
	err = db.QueryRowContext(ctx, `SELECT max(version_id) FROM schema_version`).Scan(&version)
	return version, err
}

func provider(db *sql.DB) (*goose.Provider, error) {
	folder, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(goose.DialectSQLite3, db, folder,
		goose.WithTableName("schema_version"), goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
}

// enterZero makes the table of versions with the entry that goose starts from.
func enterZero(ctx context.Context, db *sql.DB) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	if _, err := tx.ExecContext(ctx, versionTable); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO schema_version (version_id, is_applied) VALUES (0, 1) ON CONFLICT DO NOTHING`); err != nil {
		return err
	}
	return tx.Commit()
}
