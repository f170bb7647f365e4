package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/keystile/keystile/internal/storage"
	"github.com/keystile/keystile/internal/storage/sqlcore"
)

// How transactions begin, in one round trip. A writer that stands still is
// ended by the server, so that it holds nobody up for long.
const (
	patience = `SET LOCAL lock_timeout = '5s'; SET LOCAL idle_in_transaction_session_timeout = '2s'; `

	beginView   = `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY`
	beginUpdate = `BEGIN ISOLATION LEVEL READ COMMITTED; ` + patience + `SELECT revision FROM head FOR UPDATE`
	// The lock of usage is of this schema: others of the same database have
	// their own.
	beginUsage = `BEGIN ISOLATION LEVEL READ COMMITTED; ` + patience + lockUsage
	lockUsage  = `SELECT pg_advisory_xact_lock(1802726251, 'usage_cells'::regclass::oid::integer)`
	beginAlter = beginUpdate + `; ` + lockUsage
)

// View implements storage.Store.
func (s *Store) View(ctx context.Context, fn func(storage.Reader) error) error {
	return s.journal.View(ctx, s.Snapshot, fn)
}

// Glance implements storage.Store: without a transaction.
func (s *Store) Glance(ctx context.Context, fn func(storage.Reader) error) error {
	c, err := s.connect()
	if err != nil {
		return err
	}
	bare := func(ctx context.Context, fn func(*sqlcore.Session) error) error {
		return retry(ctx, func() error { return fn(s.session(c.main)) })
	}
	return s.journal.View(ctx, bare, fn)
}

// snapshot runs fn on one state of the database, with the head of the change
// log as it is in there.
func (s *Store) snapshot(ctx context.Context, fn func(*sqlcore.Session, storage.Position) error) error {
	c, err := s.connect()
	if err != nil {
		return err
	}
	var tx pgx.Tx
	var q *sqlcore.Session
	var head storage.Position
	err = retry(ctx, func() (err error) {
		if tx, err = c.main.BeginTx(ctx, pgx.TxOptions{BeginQuery: beginView}); err != nil {
			return translate(err)
		}
		// The snapshot is taken by the first statement, not by BEGIN.
		q = s.session(tx)
		if head, err = q.Head(ctx); err != nil {
			_ = tx.Rollback(ctx)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("begin to read: %w", err)
	}
	defer func() { _ = tx.Rollback(ctx) }() // there is nothing to lose
	return fn(q, head)
}

// Update implements storage.Store. fn is run again where the transaction came
// to nothing for a passing reason.
func (s *Store) Update(ctx context.Context, fn func(storage.Tx) error) (storage.Revision, error) {
	var revision storage.Revision
	err := s.change(ctx, s.updates, beginUpdate, func(q *sqlcore.Session) error {
		tx := sqlcore.NewTransaction(q, s.onCorrupt)
		err := fn(tx)
		if err != nil {
			return err
		}
		revision, err = s.record(ctx, tx)
		return err
	})
	if err != nil {
		return 0, err
	}
	return revision, nil
}

// changeUsage runs fn in a transaction that excludes others who write usage.
func (s *Store) changeUsage(ctx context.Context, fn func(*sqlcore.Session) error) error {
	return s.change(ctx, s.usage, beginUsage, fn)
}

// change runs fn in a transaction, and commits it where fn returns nil. It
// takes its turn among those of this process that begin in the same way.
func (s *Store) change(ctx context.Context, turn chan struct{}, begin string, fn func(*sqlcore.Session) error) error {
	select {
	case turn <- struct{}{}:
		defer func() { <-turn }()
	case <-ctx.Done():
		return fmt.Errorf("wait for other writers: %w", ctx.Err())
	}
	c, err := s.connect()
	if err != nil {
		return err
	}
	var doubt error // of a commit, which must not be repeated
	err = retry(ctx, func() error {
		tx, err := c.main.BeginTx(ctx, pgx.TxOptions{BeginQuery: begin})
		if err != nil {
			return fmt.Errorf("begin to write: %w", translate(err))
		}
		defer func() { _ = tx.Rollback(ctx) }() // nothing after a commit
		q := s.session(tx)
		if err := fn(q); err != nil {
			return err
		}
		if fault := q.Fault(); fault != nil { // fn may have passed over it
			return fmt.Errorf("nothing was changed: %w", fault)
		}
		doubt = commit(ctx, tx)
		return nil
	})
	return errors.Join(err, doubt)
}

// commit wraps none of the sentinels: after an error the outcome is unknown.
func commit(ctx context.Context, tx pgx.Tx) error {
	err := tx.Commit(ctx)
	if err == nil {
		return nil
	}
	if ended := ctx.Err(); ended != nil {
		err = ended
	}
	if words, known := faults[codeOf(err)]; known {
		return fmt.Errorf("commit: %s: %w", words, err)
	}
	return fmt.Errorf("commit: %w", err)
}
