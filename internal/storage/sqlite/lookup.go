package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
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
	args := make([]any, len(digests))
	for i := range digests {
		args[i] = digests[i][:]
	}
	var row keyRow
	// The first row is of the first digest that a key has.
	err = statement.QueryRowContext(ctx, args...).Scan(append([]any{&found.Revision}, row.dest()...)...)
	if err != nil || !row.id.Valid {
		return found, lostHead(err)
	}
	found.Key, err = row.key()
	return found, err
}

// maxDigests bounds the statements that are kept prepared: one for each
// number of peppers, and there are few.
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
	var in, order strings.Builder
	for i := range count {
		fmt.Fprintf(&in, ", ?%d", i+1)
		fmt.Fprintf(&order, " WHEN ?%d THEN %d", i+1, i)
	}
	query := "SELECT revision, " + keyColumns + " FROM (SELECT revision FROM head) LEFT JOIN keys ON digest IN (" + strings.TrimPrefix(in.String(), ", ") + ")"
	if count < 2 {
		return query // a digest has one key at most
	}
	return query + " ORDER BY CASE digest" + order.String() + " END LIMIT 1"
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
