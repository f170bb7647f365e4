package postgres

import (
	"context"

	"github.com/keystile/keystile/internal/storage"
	"github.com/keystile/keystile/internal/storage/sqlcore"
)

// Snapshot runs fn on one state of the store, for what is moved row by row.
func (s *Store) Snapshot(ctx context.Context, fn func(*sqlcore.Session) error) error {
	return s.snapshot(ctx, func(q *sqlcore.Session, _ storage.Position) error { return fn(q) })
}

// Alter runs fn in a transaction that excludes those who change keys and those
// who add usage, and commits it where fn returns nil. It may run fn again.
// Nothing of it is logged. What is flushed before a move begins is in the sums
// when it has begun.
func (s *Store) Alter(ctx context.Context, fn func(*sqlcore.Session) error) error {
	if err := s.journal.Post(ctx); err != nil {
		return err
	}
	return s.change(ctx, s.updates, beginAlter, func(q *sqlcore.Session) error {
		if err := s.journal.PostIn(ctx, q); err != nil {
			return err
		}
		return fn(q)
	})
}
