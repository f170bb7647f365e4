package sqlcore

import (
	"context"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

// Conn runs statements on one connection, mostly in a transaction. Parameters
// are written as ? or, where one is used several times, as ?1, ?2 and so on.
// Errors are the driver's own.
type Conn interface {
	// Exec returns how many rows were inserted, changed or deleted.
	Exec(ctx context.Context, statement string, args []any) (int64, error)
	Query(ctx context.Context, query string, args []any) (Rows, error)
	// QueryRow scans the first row.
	QueryRow(ctx context.Context, query string, args []any, dest []any) error
	// Pipe runs statements one behind the other until one fails, in one round
	// trip where there are round trips.
	Pipe(ctx context.Context, statements []Statement) error
}

// Statement is a statement with the values of its parameters.
type Statement struct {
	SQL  string
	Args []any
	Dest []any // what its first row is scanned into; nil: it has none
}

// Rows are the rows of a query, of which one is read at a time. Whoever asked
// for them closes them.
type Rows interface {
	Next() bool
	Scan(dest ...any) error
	Err() error
	Close() error
}

// Dialect words what databases word differently. It may be used concurrently.
type Dialect interface {
	// Translate turns an error of the driver into one of the contract.
	Translate(err error) error
	// Refused reports whether an error undid one statement and left the
	// transaction as it was before.
	Refused(err error) bool
	// Now is the present in microseconds, by the database's clock.
	Now() string
	// Among selects the rows whose column is one of values.
	Among(column string, values []string) Condition
	// FirstOf selects the keys that have one of the digests, and of these the
	// first one's. It is the end of a query that has no other parameters.
	FirstOf(digests []keys.Digest) Condition
	// Holds selects the rows whose column a text is part of, as it stands.
	Holds(column, text string) Condition
	// AuditBy is the audit trail, to be read by an index of that name.
	AuditBy(index string) string
	// Union is the rows of two queries, of which the first limit in an order
	// will be read.
	Union(one, other Condition, order string, limit int) Condition
	// Given lets an INSERT state the numbers that the database gives otherwise.
	Given() string
	// Renumber has the next number of a table come after those that were
	// stated; empty: it does so by itself.
	Renumber(table, column string) string
	// List calls fn for each key that fits a filter, in the order of lists,
	// with KeyColumns, until fn says that it has enough.
	List(ctx context.Context, q *Session, f storage.KeyFilter, fn func(Scan) (enough bool, err error)) error
}

// Condition is a query, or a part of one, with the values of its parameters.
type Condition struct {
	SQL  string
	Args []any
}
