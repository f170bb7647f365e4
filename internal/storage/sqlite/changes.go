package sqlite

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/keystile/keystile/internal/storage"
	"github.com/keystile/keystile/internal/storage/sqlcore"
)

// readHead reads the head by a connection or in a transaction.
func readHead(ctx context.Context, by interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}) (storage.Position, error) {
	var head storage.Position
	err := by.QueryRowContext(ctx, `SELECT revision, id FROM head`).Scan(&head.Revision, &head.ID)
	return head, sqlcore.LostHead(err)
}

// record gives the changes of a transaction their place in the log, and tells
// who listens. It is the last that happens before the commit. Without changes
// it returns the revision that stands.
func (s *Store) record(ctx context.Context, tx *sqlcore.Transaction) (storage.Revision, error) {
	changes := tx.Name()
	if len(changes) == 0 || tx.Fault() != nil {
		return tx.Settle(ctx)
	}
	var revision storage.Revision
	last := changes[len(changes)-1].ID
	err := tx.Finish(ctx, sqlcore.Statement{
		SQL:  `UPDATE head SET revision = revision + 1, id = ? WHERE ` + sqlcore.Still + ` RETURNING revision`,
		Args: []any{last}, Dest: []any{&revision},
	})
	if err != nil {
		return 0, fmt.Errorf("number the change: %w", tx.NotLogged(ctx, err))
	}
	for i := range changes {
		c := &changes[i]
		c.Revision = revision
		if err := tx.Exec(ctx, `INSERT INTO change_log (revision, ordinal, id, subject, name, digests) VALUES (?, ?, ?, ?, ?, ?)`,
			revision, i, c.ID, c.Subject, c.Name, sqlcore.JoinDigests(c.Digests)); err != nil {
			return 0, fmt.Errorf("log the change: %w", err)
		}
	}
	if err := tx.Exec(ctx, `DELETE FROM change_log WHERE revision <= ?`, int64(revision)-s.keep); err != nil {
		return 0, fmt.Errorf("prune the log of changes: %w", err)
	}
	s.onCommit(changes)
	return revision, nil
}

// Changes implements storage.Store.
func (s *Store) Changes(ctx context.Context, after storage.Position, limit int) ([]storage.Change, error) {
	var changes []storage.Change
	err := s.snapshot(ctx, func(q *sqlcore.Session, head storage.Position) (err error) {
		changes, err = sqlcore.Changes(ctx, q, head, after, limit)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the changes after revision %d: %w", after.Revision, err)
	}
	return changes, nil
}
