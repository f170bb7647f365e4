package sqlcore

import (
	"context"

	"github.com/keystile/keystile/internal/storage"
)

// Reader implements storage.Reader on one transaction.
type Reader struct {
	*Session
	onCorrupt func(id string, err error)
	// sums is asked before sums of usage are read; nil: they are what they are.
	sums func(ctx context.Context, whole bool) error
}

var _ storage.Reader = (*Reader)(nil)

// NewReader reads by a session. Who is registered with onCorrupt hears of
// damaged rows that are left out.
func NewReader(q *Session, onCorrupt func(id string, err error)) *Reader {
	return &Reader{Session: q, onCorrupt: onCorrupt}
}

// beforeSums comes before sums of usage are read. whole: an error is better than
// a sum that lacks something.
func (r *Reader) beforeSums(ctx context.Context, whole bool) error {
	if r.sums == nil {
		return nil
	}
	return r.sums(ctx, whole)
}

// Transaction implements storage.Tx, and collects what is to be logged.
type Transaction struct {
	Reader
	changes []storage.Change
	last    []Statement // that are run behind everything else
	// unlogged: it changed what no decision depends on, and what moves with the
	// rest all the same.
	unlogged bool
}

var _ storage.Tx = (*Transaction)(nil)

// NewTransaction reads and changes by a session.
func NewTransaction(q *Session, onCorrupt func(id string, err error)) *Transaction {
	return &Transaction{Reader: Reader{Session: q, onCorrupt: onCorrupt}}
}

// Settle ends a transaction that logs nothing: it returns the revision that
// stands. What is being moved must not change.
func (t *Transaction) Settle(ctx context.Context) (storage.Revision, error) {
	if err := t.Finish(ctx); err != nil {
		return 0, err
	}
	if t.unlogged {
		if err := t.RefuseMoving(ctx); err != nil {
			return 0, err
		}
	}
	return t.Revision(ctx)
}

// Finish runs what is to be run behind everything else, and then what a driver
// adds.
func (t *Transaction) Finish(ctx context.Context, more ...Statement) error {
	return t.Pipe(ctx, append(t.last, more...))
}

// log notes a change; its place in the log is given before the commit.
func (t *Transaction) log(c storage.Change) { t.changes = append(t.changes, c) }
