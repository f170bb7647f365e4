package sqlite

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

var errNoHead = errors.New("the head of the change log is missing")

// readHead reads the head by a connection or in a transaction.
func readHead(ctx context.Context, by interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}) (storage.Position, error) {
	var head storage.Position
	err := by.QueryRowContext(ctx, `SELECT revision, id FROM head`).Scan(&head.Revision, &head.ID)
	return head, lostHead(err)
}

// lostHead keeps a head that isn't there from being taken for an answer.
func lostHead(err error) error {
	if errors.Is(err, sql.ErrNoRows) || errors.Is(err, storage.ErrNotFound) {
		return errNoHead
	}
	return err
}

// record gives the changes of a transaction their place in the log, and tells
// who listens. It is the last that happens before the commit. Without changes
// it returns the revision that stands.
func (s *Store) record(ctx context.Context, tx *transaction) (storage.Revision, error) {
	var revision storage.Revision
	if len(tx.changes) == 0 || tx.fault != nil {
		err := tx.row(ctx, `SELECT revision FROM head`, nil, &revision)
		return revision, lostHead(err)
	}
	for i := range tx.changes {
		tx.changes[i].ID = rand.Text()
	}
	last := tx.changes[len(tx.changes)-1].ID
	err := tx.row(ctx, `UPDATE head SET revision = revision + 1, id = ? RETURNING revision`, []any{last}, &revision)
	if err != nil {
		return 0, fmt.Errorf("number the change: %w", lostHead(err))
	}
	for i := range tx.changes {
		c := &tx.changes[i]
		c.Revision = revision
		if err := tx.exec(ctx, `INSERT INTO change_log (revision, ordinal, id, subject, name, digests) VALUES (?, ?, ?, ?, ?, ?)`,
			revision, i, c.ID, c.Subject, c.Name, joinDigests(c.Digests)); err != nil {
			return 0, fmt.Errorf("log the change: %w", err)
		}
	}
	if err := tx.exec(ctx, `DELETE FROM change_log WHERE revision <= ?`, int64(revision)-s.keep); err != nil {
		return 0, fmt.Errorf("prune the log of changes: %w", err)
	}
	s.onCommit(tx.changes)
	return revision, nil
}

// Changes implements storage.Store.
func (s *Store) Changes(ctx context.Context, after storage.Position, limit int) ([]storage.Change, error) {
	var changes []storage.Change
	err := s.snapshot(ctx, func(q *session, head storage.Position) error {
		ordinal, err := find(ctx, q, head, after)
		if err != nil {
			return err
		}
		changes, err = collect(ctx, q, `SELECT revision, id, subject, name, digests FROM change_log
			WHERE (revision, ordinal) > (?, ?) ORDER BY revision, ordinal LIMIT ?`,
			[]any{after.Revision, ordinal, max(limit, 0)}, scanChange)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the changes after revision %d: %w", after.Revision, err)
	}
	return changes, nil
}

// find returns the ordinal of a position within its revision. The start of the
// log is in it for as long as the first revision is.
func find(ctx context.Context, q *session, head, at storage.Position) (int64, error) {
	if at == (storage.Position{}) && head == at {
		return 0, nil
	}
	query, args := `SELECT ordinal FROM change_log WHERE revision = ? AND id = ?`, []any{at.Revision, at.ID}
	if at == (storage.Position{}) {
		query, args = `SELECT ordinal FROM change_log WHERE revision = 1 AND ordinal = 0`, nil
	}
	var ordinal int64
	err := q.row(ctx, query, args, &ordinal)
	if errors.Is(err, storage.ErrNotFound) {
		return 0, storage.ErrGap
	}
	return ordinal, err
}

func scanChange(row scan) (storage.Change, error) {
	var c storage.Change
	var digests []byte
	if err := row(&c.Revision, &c.ID, &c.Subject, &c.Name, &digests); err != nil {
		return c, err
	}
	var err error
	// A row that can't be read must not be passed over: somebody would go on
	// trusting what it was about.
	if c.Digests, err = splitDigests(digests); err != nil {
		return c, &corruption{"the log's entry", c.ID, err}
	}
	return c, nil
}

func joinDigests(digests []keys.Digest) []byte {
	out := make([]byte, 0, len(digests)*len(keys.Digest{}))
	for _, d := range digests {
		out = append(out, d[:]...)
	}
	return out
}

func splitDigests(raw []byte) ([]keys.Digest, error) {
	const size = len(keys.Digest{})
	if len(raw)%size != 0 {
		return nil, fmt.Errorf("%d bytes are no digests", len(raw))
	}
	var digests []keys.Digest
	for ; len(raw) > 0; raw = raw[size:] {
		digests = append(digests, keys.Digest(raw[:size]))
	}
	return digests, nil
}
