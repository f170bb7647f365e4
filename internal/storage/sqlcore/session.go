package sqlcore

import (
	"context"

	"github.com/keystile/keystile/internal/storage"
)

// Session runs the statements of one transaction. After a fault a database may
// have undone the whole transaction, so that later statements would commit by
// themselves, or refuse to go on: it runs none any more, and the fault is the
// transaction's.
type Session struct {
	Dialect
	conn  Conn
	fault error
}

// NewSession works on a connection, or a transaction.
func NewSession(conn Conn, d Dialect) *Session { return &Session{Dialect: d, conn: conn} }

// Fault is why nothing can be committed any more; nil: there is no reason.
func (q *Session) Fault() error { return q.fault }

// note translates an error, and remembers one that is a fault.
func (q *Session) note(err error) error {
	if err == nil {
		return nil
	}
	said := q.Translate(err)
	if !q.Refused(err) {
		q.fault = said
	}
	return said
}

// Exec runs a statement.
func (q *Session) Exec(ctx context.Context, statement string, args ...any) error {
	_, err := q.Change(ctx, statement, args...)
	return err
}

// Put runs a statement that does nothing where a unique name, ID or digest is
// taken, which is storage.ErrExists: an error of the database could end the
// whole transaction.
func (q *Session) Put(ctx context.Context, statement string, args ...any) error {
	rows, err := q.Change(ctx, statement, args...)
	if err == nil && rows == 0 {
		return storage.ErrExists
	}
	return err
}

// insert puts one row into a table.
func (q *Session) insert(ctx context.Context, table, columns string, args ...any) error {
	return q.Put(ctx, "INSERT INTO "+table+" ("+columns+") VALUES "+Placeholders(1, len(args))+" ON CONFLICT DO NOTHING", args...)
}

// Change is Exec, and says how many rows it inserted, changed or deleted.
func (q *Session) Change(ctx context.Context, statement string, args ...any) (int64, error) {
	if q.fault != nil {
		return 0, q.fault
	}
	rows, err := q.conn.Exec(ctx, statement, args)
	return rows, q.note(err)
}

// Pipe runs statements one behind the other. The first that fails is the last.
func (q *Session) Pipe(ctx context.Context, statements []Statement) error {
	if q.fault != nil || len(statements) == 0 {
		return q.fault
	}
	return q.note(q.conn.Pipe(ctx, statements))
}

// Row scans the only row of a query; ErrNotFound where there is none.
func (q *Session) Row(ctx context.Context, query string, args []any, dest ...any) error {
	if q.fault != nil {
		return q.fault
	}
	return q.note(q.conn.QueryRow(ctx, query, args, dest))
}

// Each calls fn for each row, until it says that it has enough.
func (q *Session) Each(ctx context.Context, query string, args []any, fn func(Scan) (enough bool, err error)) error {
	if q.fault != nil {
		return q.fault
	}
	rows, err := q.conn.Query(ctx, query, args)
	if err != nil {
		return q.note(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if enough, err := fn(rows.Scan); enough || err != nil {
			return err
		}
	}
	return q.note(rows.Err())
}

// Scan copies the columns of one row.
type Scan = func(dest ...any) error

// Collect returns what fn reads from each row.
func Collect[T any](ctx context.Context, q *Session, query string, args []any, fn func(Scan) (T, error)) ([]T, error) {
	var all []T
	err := q.Each(ctx, query, args, func(row Scan) (bool, error) {
		one, err := fn(row)
		if err == nil {
			all = append(all, one)
		}
		return false, err
	})
	return all, err
}
