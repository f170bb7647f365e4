package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"time"

	"github.com/keystile/keystile/internal/storage"
	"github.com/keystile/keystile/internal/storage/sqlcore"
)

// View implements storage.Store.
func (s *Store) View(ctx context.Context, fn func(storage.Reader) error) error {
	return s.journal.View(ctx, s.Snapshot, fn)
}

// Glance implements storage.Store.
func (s *Store) Glance(ctx context.Context, fn func(storage.Reader) error) error {
	return s.View(ctx, fn)
}

// snapshot runs fn on one state of the database, with the head of the change
// log as it is in there.
func (s *Store) snapshot(ctx context.Context, fn func(*sqlcore.Session, storage.Position) error) error {
	c, err := s.connect()
	if err != nil {
		return err
	}
	var tx *sql.Tx
	var head storage.Position
	err = s.retry(ctx, func() (err error) {
		tx, head, err = beginRead(ctx, c.read)
		return err
	})
	if err != nil {
		return fmt.Errorf("begin to read: %w", translate(err))
	}
	defer func() { _ = tx.Rollback() }() // there is nothing to lose
	return fn(s.session(tx), head)
}

// beginRead reads the head because SQLite takes its snapshot at the first
// read, not at BEGIN.
func beginRead(ctx context.Context, db *sql.DB) (*sql.Tx, storage.Position, error) {
	tx, err := db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return nil, storage.Position{}, err
	}
	head, err := readHead(ctx, tx)
	if err != nil {
		_ = tx.Rollback()
		return nil, head, err
	}
	return tx, head, nil
}

// Update implements storage.Store.
func (s *Store) Update(ctx context.Context, fn func(storage.Tx) error) (storage.Revision, error) {
	var revision storage.Revision
	err := s.change(ctx, func(q *sqlcore.Session) error {
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

// writer is the connection of what must survive a failure of the power.
func writer(c *connections) *sql.DB { return c.write }

// change runs fn in a transaction that no other writer shares, and commits it
// where fn returns nil. It waits for the busy timeout once, for the writers of
// this process and of others together: where another process holds the
// database, those that queue here don't each wait as long as the first.
func (s *Store) change(ctx context.Context, fn func(*sqlcore.Session) error) error {
	return s.changeBy(ctx, writer, fn)
}

// changeBy is change on one of the connections that write.
func (s *Store) changeBy(ctx context.Context, by func(*connections) *sql.DB, fn func(*sqlcore.Session) error) error {
	giveUp := time.NewTimer(s.busyTimeout)
	defer giveUp.Stop()
	release, err := s.lockWriter(ctx, giveUp.C)
	if err != nil {
		return err
	}
	defer release()
	c, err := s.connect()
	if err != nil {
		return err
	}
	var tx *sql.Tx
	begin := func() (err error) {
		tx, err = by(c).BeginTx(ctx, nil)
		return err
	}
	if err = again(ctx, giveUp.C, begin(), begin); err != nil {
		return fmt.Errorf("begin to write: %w", translate(err))
	}
	defer func() { _ = tx.Rollback() }() // nothing after a commit
	q := s.session(tx)
	if err := fn(q); err != nil {
		return err
	}
	if fault := q.Fault(); fault != nil { // fn may have passed over it
		return fmt.Errorf("nothing was changed: %w", fault)
	}
	return s.commit(ctx, c, tx)
}

// commit wraps none of the sentinels: after an error the outcome is unknown.
func (s *Store) commit(ctx context.Context, c *connections, tx *sql.Tx) error {
	if err := tx.Commit(); err != nil {
		if ended := ctx.Err(); ended != nil {
			err = ended
		}
		return fmt.Errorf("commit: %w", err)
	}
	c.watch.noteLog(s.path)
	if file, err := os.Stat(s.path); err != nil || !os.SameFile(file, c.file) {
		return fmt.Errorf("commit: %s was replaced meanwhile", s.path)
	}
	return nil
}
