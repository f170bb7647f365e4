package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
	"github.com/keystile/keystile/internal/storage/sqlcore"
)

// Lookup implements storage.Store. Key and revision come from one statement,
// and so from one snapshot.
func (s *Store) Lookup(ctx context.Context, digests []keys.Digest) (storage.Lookup, error) {
	var found storage.Lookup
	c, err := s.connect()
	if err != nil {
		return found, fmt.Errorf("look up key: %w", err)
	}
	err = s.retry(ctx, func() (err error) {
		found, err = c.lookup(ctx, digests)
		return err
	})
	if err != nil {
		return storage.Lookup{}, fmt.Errorf("look up key: %w", translate(err))
	}
	return found, nil
}

func (c *connections) lookup(ctx context.Context, digests []keys.Digest) (storage.Lookup, error) {
	var found storage.Lookup
	statement, err := c.lookups.statement(ctx, c.read, len(digests))
	if err != nil {
		return found, err
	}
	args := digestArgs(digests)
	var row sqlcore.KeyRow
	// The first row is of the first digest that a key has.
	err = statement.QueryRowContext(ctx, args...).Scan(append([]any{&found.Revision, &found.NewestScheme}, row.Dest()...)...)
	if err != nil || !row.Found() {
		return found, sqlcore.LostHead(err)
	}
	found.Key, err = row.Key()
	return found, err
}

// maxDigests bounds the statements that are kept prepared: one for each
// number of peppers and schemes, and there are few.
const maxDigests = 64

// lookups keeps the statements of Lookup, by how many digests they take.
type lookups struct {
	mu      sync.Mutex
	closed  bool
	byCount map[int]*sql.Stmt
}

func (l *lookups) statement(ctx context.Context, db *sql.DB, count int) (*sql.Stmt, error) {
	if count > maxDigests {
		return nil, fmt.Errorf("%d digests are more than %d", count, maxDigests)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if statement := l.byCount[count]; statement != nil {
		return statement, nil
	}
	if l.closed {
		return nil, errClosed
	}
	statement, err := db.PrepareContext(ctx, lookupQuery(count))
	if err != nil {
		return nil, err
	}
	if l.byCount == nil {
		l.byCount = make(map[int]*sql.Stmt)
	}
	l.byCount[count] = statement
	return statement, nil
}

// lookupQuery always has a row, which bears the revision. Where several
// digests have a key, such as one from before the pepper, the first one's is
// taken.
func lookupQuery(count int) string {
	return "SELECT revision, newest, " + sqlcore.KeyColumns + ` FROM
		(SELECT revision, COALESCE((SELECT id FROM schemes ORDER BY seq DESC LIMIT 1), '') AS newest FROM head)
		LEFT JOIN keys ON ` + digestIn(count)
}

func (l *lookups) close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	var all error
	for _, statement := range l.byCount {
		all = errors.Join(all, statement.Close())
	}
	l.byCount = nil
	return all
}
