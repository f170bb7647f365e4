package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"

	"github.com/keystile/keystile/internal/storage/sqlcore"
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
	folder, err := embedded()
	if err != nil {
		return err
	}
	if err := s.retry(ctx, func() error { return migrate(ctx, c, folder) }); err != nil {
		return fmt.Errorf("migrate %s: %w", s.path, translate(err))
	}
	if s.part {
		return nil
	}
	return s.Snapshot(ctx, func(q *sqlcore.Session) error { return q.RefusePart(ctx) })
}

// migrate applies what is missing, also below the newest version: branches of
// development number their migrations apart, and are merged in any order. Each
// migration is a transaction that takes the lock first, so what fails for a
// lock or for another node's being faster can be repeated.
func migrate(ctx context.Context, c *connections, folder fs.FS) error {
	steps, err := provider(c.write, folder)
	if err != nil {
		return err
	}
	missing, err := countMissing(ctx, c.read, steps)
	if err != nil {
		return err
	}
	if missing == 0 {
		return writable(ctx, c.write)
	}
	if err := enterZero(ctx, c.write); err != nil {
		return err
	}
	if _, err = steps.Up(ctx); err == nil {
		return nil
	}
	if left, failed := countMissing(ctx, c.read, steps); failed == nil && left < missing {
		return migrate(ctx, c, folder) // another node was faster
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

// countMissing is how many of our migrations a file lacks. Those of a newer
// program are its own affair.
func countMissing(ctx context.Context, db *sql.DB, steps *goose.Provider) (missing int, err error) {
	applied, err := versions(ctx, db)
	for _, source := range steps.ListSources() {
		if !applied[source.Version] {
			missing++
		}
	}
	return missing, err
}

// versions returns the migrations that a file has had; none for an empty one.
func versions(ctx context.Context, db *sql.DB) (map[int64]bool, error) {
	var tables, ours int64
	err := db.QueryRowContext(ctx, `SELECT count(*), count(*) FILTER (WHERE name = 'schema_version') FROM sqlite_schema`).
		Scan(&tables, &ours)
	switch {
	case err != nil || tables == 0:
		return nil, err
	case ours == 0:
		return nil, errForeign
	}
	rows, err := db.QueryContext(ctx, `SELECT version_id FROM schema_version WHERE is_applied`)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	applied := map[int64]bool{}
	for rows.Next() {
		var version int64
		if err := rows.Scan(&version); err != nil {
			return nil, err
		}
		applied[version] = true
	}
	return applied, rows.Err()
}

// embedded are the migrations that this program brings along.
func embedded() (fs.FS, error) { return fs.Sub(migrations, "migrations") }

func provider(db *sql.DB, folder fs.FS) (*goose.Provider, error) {
	return goose.NewProvider(goose.DialectSQLite3, db, folder, goose.WithAllowOutofOrder(true),
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
