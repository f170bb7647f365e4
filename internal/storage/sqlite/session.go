package sqlite

import (
	"context"
	"database/sql"
)

// session runs the statements of one transaction. After a fault SQLite may
// have undone the whole transaction, so that later statements would commit by
// themselves: it runs none any more, and the fault is the transaction's.
type session struct {
	tx    *sql.Tx
	fault error
}

// note translates an error, and remembers one that is a fault.
func (q *session) note(err error) error {
	if err == nil {
		return nil
	}
	said := translate(err)
	if !refused(err) {
		q.fault = said
	}
	return said
}

func (q *session) exec(ctx context.Context, statement string, args ...any) error {
	if q.fault != nil {
		return q.fault
	}
	_, err := q.tx.ExecContext(ctx, statement, args...)
	return q.note(err)
}

// row scans the only row of a query; ErrNotFound where there is none.
func (q *session) row(ctx context.Context, query string, args []any, dest ...any) error {
	if q.fault != nil {
		return q.fault
	}
	return q.note(q.tx.QueryRowContext(ctx, query, args...).Scan(dest...))
}

// each calls fn for each row, until it says that it has enough.
func (q *session) each(ctx context.Context, query string, args []any, fn func(scan) (enough bool, err error)) error {
	if q.fault != nil {
		return q.fault
	}
	rows, err := q.tx.QueryContext(ctx, query, args...)
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

// scan copies the columns of one row.
type scan = func(dest ...any) error

// collect returns what fn reads from each row.
func collect[T any](ctx context.Context, q *session, query string, args []any, fn func(scan) (T, error)) ([]T, error) {
	var all []T
	err := q.each(ctx, query, args, func(row scan) (bool, error) {
		one, err := fn(row)
		if err == nil {
			all = append(all, one)
		}
		return false, err
	})
	return all, err
}
