// Package migrate moves all that a store holds into another one, while the
// gates serve from the first. Rows are copied as they are, on one snapshot, and
// compared at the end; usage and audit entries that come meanwhile are brought
// over once, however often that is tried. Until the store that is filled is
// complete, nothing may be made of it, and the one that is left takes no
// changes.
package migrate

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/keystile/keystile/internal/storage"
	"github.com/keystile/keystile/internal/storage/sqlcore"
)

// Store is one that can be left or filled.
type Store interface {
	storage.Store
	// Snapshot runs fn on one state of the store.
	Snapshot(ctx context.Context, fn func(*sqlcore.Session) error) error
	// Alter runs fn in a transaction that no other writer shares, and commits
	// it where fn returns nil. It may run fn again, and logs nothing.
	Alter(ctx context.Context, fn func(*sqlcore.Session) error) error
}

// Migration is one run of moving a store's data. Both stores have their schema.
type Migration struct {
	From, To Store
	Now      func() time.Time
	// Progress is called when a table has been copied, and again when it has
	// been compared; nil: nobody wants to know.
	Progress func(Table)
	// Patience is how long another run must be silent to count as dead; 0: 5 s.
	Patience time.Duration
}

// Table says what became of one.
type Table struct {
	Name string `json:"table"`
	Rows int64  `json:"rows"`
	// Written is how many rows this run wrote or deleted: less than all where
	// another one came before it.
	Written int64 `json:"written"`
	// Digest is the SHA-256 of the rows in the order of their keys, in hex: the
	// same in both stores. Empty until they have been compared.
	Digest string `json:"digest"`
}

// Report says what a run did.
type Report struct {
	// Tables are those that were copied and compared; none where that had been
	// finished before.
	Tables []Table `json:"tables"`
	// Batches of usage and Entries of the audit trail came after the copy.
	Batches int `json:"usage_batches"`
	Entries int `json:"audit_entries"`
}

const (
	pageRows      = 500
	usualPatience = 5 * time.Second
	beatEvery     = time.Second
	releaseWithin = 5 * time.Second
	batchesAtOnce = 4
)

// The reasons not to begin, or not to go on.
var (
	// ErrRunning: another run fills the store.
	ErrRunning = errors.New("another run fills that store at present")
	// ErrElsewhere: the store that is left is being moved to another one.
	ErrElsewhere = errors.New("the store is being moved to another one already: name that one, or give it up with --abort")
	// ErrTaken: another run counted this one as dead.
	ErrTaken = errors.New("another run has taken over")
	// ErrGivenUp: the migration was given up meanwhile.
	ErrGivenUp = errors.New("the migration has been given up meanwhile: don't use the store that was to be filled")
	// ErrNone: there is nothing to give up.
	ErrNone = errors.New("the store is not being moved")
)

// NotEmptyError says that the store which is to be filled holds something already.
type NotEmptyError struct{ What []string }

// Error implements error.
func (e *NotEmptyError) Error() string {
	return fmt.Sprintf("the store that is to be filled holds %s already: give it a new, empty one", list(e.What))
}

// MismatchError says that tables are not the same in both stores.
type MismatchError struct{ Tables []string }

// Error implements error.
func (e *MismatchError) Error() string {
	return fmt.Sprintf("what was copied is not what is there, in %s: somebody else writes to the store that is filled, or it alters what it holds; "+
		"running it again mends it", list(e.Tables))
}

// Run copies what isn't copied, compares both stores, and brings over what came
// since. It can be run any number of times: after a failure it goes on, and
// after success it brings over the rest of usage, even where gates use the new
// store by then.
func (m *Migration) Run(ctx context.Context) (report Report, err error) {
	r := &run{Migration: m}
	if err := r.begin(ctx); err != nil {
		return report, err
	}
	defer func() { err = errors.Join(err, r.release(ctx)) }()
	if !r.move.Done {
		if report.Tables, err = r.fill(ctx); err != nil {
			return report, err
		}
	}
	if report.Batches, err = r.lateUsage(ctx); err != nil {
		return report, fmt.Errorf("bring over the rest of usage: %w", err)
	}
	if report.Entries, err = r.lateTrail(ctx); err != nil {
		return report, fmt.Errorf("bring over the rest of the audit trail: %w", err)
	}
	return report, r.stands(ctx)
}

// Abort gives up a migration: the store takes changes again. What it was moved
// to stays as it is, and is none that a gate would use unless it is complete.
func Abort(ctx context.Context, from Store) error {
	return from.Alter(ctx, func(q *sqlcore.Session) error {
		if _, err := q.Move(ctx, sqlcore.MovesFrom); err != nil {
			return instead(err, ErrNone)
		}
		if err := q.DropMove(ctx, sqlcore.MovesFrom); err != nil {
			return err
		}
		return q.ClearLate(ctx)
	})
}

// instead says something else where the store says that there is none.
func instead(err, none error) error {
	if errors.Is(err, storage.ErrNotFound) {
		return none
	}
	return err
}
