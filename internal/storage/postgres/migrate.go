package postgres

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"github.com/keystile/keystile/internal/storage"
	"github.com/keystile/keystile/internal/storage/sqlcore"
)

//go:embed migrations/*.sql
var migrations embed.FS

const (
	versionTable = "keystile_migrations"
	// migrationLock is held while a schema is brought up to date. It is one for
	// all schemas of a database, of which there may be none yet to tell apart.
	migrationLock = 0x6b6579737469_6c65

	// lookWithin bounds the look at a schema, turnWithin the wait for another
	// node that changes it: who starts goes on without the store, and asks again.
	lookWithin = 10 * time.Second
	turnWithin = time.Minute
)

// Migrate implements storage.Store. A schema that is up to date, or newer,
// isn't changed, but has to be one that could be.
func (s *Store) Migrate(ctx context.Context) error {
	c, err := s.connect()
	if err != nil {
		return err
	}
	if err := s.migrate(ctx, c.main); err != nil {
		if unreachable(err) || errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
			err = fmt.Errorf("%w: %w", storage.ErrUnreachable, err)
		}
		return fmt.Errorf("the database %s: %w", s.cfg, translate(err))
	}
	if !s.part {
		if err := s.Snapshot(ctx, func(q *sqlcore.Session) error { return q.RefusePart(ctx) }); err != nil {
			return err
		}
	}
	s.listen()
	return nil
}

func (s *Store) migrate(ctx context.Context, pool *pgxpool.Pool) error {
	steps, done, err := provider(pool)
	if err != nil {
		return err
	}
	defer done()
	if current, err := s.current(ctx, pool, steps); err != nil || current {
		return err
	}
	return alone(ctx, pool, func() error {
		// Another node may have been faster: then nothing is left to do.
		_, err := steps.Up(ctx)
		return err
	})
}

// current reports whether a schema lacks nothing. One that doesn't could be
// changed.
func (s *Store) current(ctx context.Context, pool *pgxpool.Pool, steps *goose.Provider) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, lookWithin)
	defer cancel()
	missing, err := s.missing(ctx, pool, steps)
	if err != nil || missing > 0 {
		return false, err
	}
	return true, writable(ctx, pool)
}

// provider knows the migrations, until done.
func provider(pool *pgxpool.Pool) (steps *goose.Provider, done func(), err error) {
	folder, err := embedded()
	if err != nil {
		return nil, nil, err
	}
	db := stdlib.OpenDBFromPool(pool)
	done = func() { _ = db.Close() } // the pool stays
	steps, err = goose.NewProvider(goose.DialectPostgres, db, folder, goose.WithAllowOutofOrder(true),
		goose.WithTableName(versionTable), goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
	if err != nil {
		done()
	}
	return steps, done, err
}

func (s *Store) missing(ctx context.Context, pool *pgxpool.Pool, steps *goose.Provider) (missing int, err error) {
	err = retry(ctx, func() (err error) {
		missing, err = s.countMissing(ctx, pool, steps)
		return err
	})
	return missing, err
}

// Missing implements storage.Store.
func (s *Store) Missing(ctx context.Context) (int, error) {
	c, err := s.connect()
	if err != nil {
		return 0, err
	}
	steps, done, err := provider(c.main)
	if err != nil {
		return 0, err
	}
	defer done()
	missing, err := s.missing(ctx, c.main, steps)
	if err != nil {
		return 0, fmt.Errorf("look at the schema of the database %s: %w", s.cfg, translate(err))
	}
	return missing, nil
}

// Clock implements storage.Store.
func (s *Store) Clock(ctx context.Context) (now time.Time, err error) {
	c, err := s.connect()
	if err != nil {
		return now, err
	}
	if err := c.main.QueryRow(ctx, `SELECT clock_timestamp()`).Scan(&now); err != nil {
		return now, fmt.Errorf("ask the database %s for the time: %w", s.cfg, translate(err))
	}
	return now, nil
}

// alone runs fn while no other node does so, whatever time that takes; but for
// another node it waits for turnWithin at most. The lock goes with its
// connection, however this process ends.
func alone(ctx context.Context, pool *pgxpool.Pool, fn func() error) error {
	turn, cancel := context.WithTimeout(ctx, turnWithin)
	defer cancel()
	held, err := pool.Acquire(turn)
	if err != nil {
		return err
	}
	conn := held.Hijack()
	defer func() { _ = conn.Close(ctx) }()
	if _, err := conn.Exec(turn, `SELECT pg_advisory_lock($1)`, int64(migrationLock)); err != nil {
		return fmt.Errorf("wait for another node, which brings the tables up to date: %w", err)
	}
	return fn()
}

// countMissing is how many of our migrations a schema lacks. Those of a newer
// program are its own affair.
func (s *Store) countMissing(ctx context.Context, pool *pgxpool.Pool, steps *goose.Provider) (missing int, err error) {
	applied, err := s.versions(ctx, pool)
	for _, source := range steps.ListSources() {
		if !applied[source.Version] {
			missing++
		}
	}
	return missing, err
}

// versions returns the migrations that a schema has had; none where it has no
// table of ours.
func (s *Store) versions(ctx context.Context, pool *pgxpool.Pool) (map[int64]bool, error) {
	var ours, others bool
	err := pool.QueryRow(ctx, `SELECT to_regclass('`+versionTable+`') IS NOT NULL,
		coalesce(to_regclass('keys'), to_regclass('head'), to_regclass('audit')) IS NOT NULL`).Scan(&ours, &others)
	switch {
	case err != nil:
		return nil, err
	case !ours && others:
		return nil, errForeign
	case !ours && s.mustExist:
		return nil, &NoSchemaError{Database: s.cfg.String()}
	case !ours:
		return nil, nil
	}
	rows, err := pool.Query(ctx, `SELECT version_id FROM `+versionTable+` WHERE is_applied`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
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

// writable finds out at the start, not at the first flush, that a database
// can't be written to. It changes nothing.
func writable(ctx context.Context, pool *pgxpool.Pool) error {
	_, err := pool.Exec(ctx, `DELETE FROM head WHERE false`)
	return err
}

// embedded are the migrations that this program brings along.
func embedded() (fs.FS, error) { return fs.Sub(migrations, "migrations") }
