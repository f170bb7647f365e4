package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage/sqlcore"
)

// conn runs sqlcore's statements in a transaction.
type conn struct {
	tx   *sql.Tx
	last *repeated
}

// repeated is the statement that was executed last. One that comes again, for
// more rows or the next key, is parsed once: that is a third of the work.
type repeated struct {
	text     string
	prepared *sql.Stmt // nil: it came once so far
}

func (s *Store) session(tx *sql.Tx) *sqlcore.Session {
	return sqlcore.NewSession(conn{tx, new(repeated)}, dialect{s.bounds})
}

// Exec implements sqlcore.Conn.
func (c conn) Exec(ctx context.Context, statement string, args []any) (int64, error) {
	result, err := c.exec(ctx, statement, args)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

func (c conn) exec(ctx context.Context, statement string, args []any) (_ sql.Result, err error) {
	if statement != c.last.text {
		c.last.end()
		c.last.text = statement
		return c.tx.ExecContext(ctx, statement, args...)
	}
	if c.last.prepared == nil {
		if c.last.prepared, err = c.tx.PrepareContext(ctx, statement); err != nil {
			return nil, err
		}
	}
	return c.last.prepared.ExecContext(ctx, args...)
}

// end lets go of a statement before the transaction does.
func (r *repeated) end() {
	if r.prepared != nil {
		_ = r.prepared.Close() // nothing hangs on it
		r.prepared = nil
	}
}

// Query implements sqlcore.Conn.
func (c conn) Query(ctx context.Context, query string, args []any) (sqlcore.Rows, error) {
	rows, err := c.tx.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	return rows, rows.Err()
}

// Pipe implements sqlcore.Conn.
func (c conn) Pipe(ctx context.Context, statements []sqlcore.Statement) (err error) {
	for i := 0; i < len(statements) && err == nil; i++ {
		if s := &statements[i]; s.Dest != nil {
			err = c.QueryRow(ctx, s.SQL, s.Args, s.Dest)
		} else {
			_, err = c.Exec(ctx, s.SQL, s.Args)
		}
	}
	return err
}

// QueryRow implements sqlcore.Conn.
func (c conn) QueryRow(ctx context.Context, query string, args []any, dest []any) error {
	return c.tx.QueryRowContext(ctx, query, args...).Scan(dest...)
}

// dialect is SQLite's SQL.
type dialect struct{ bounds bounds }

var _ sqlcore.Dialect = dialect{}

// Given implements sqlcore.Dialect.
func (dialect) Given() string { return "" }

// Renumber implements sqlcore.Dialect: SQLite remembers the largest number.
func (dialect) Renumber(_, _ string) string { return "" }

// Translate implements sqlcore.Dialect.
func (dialect) Translate(err error) error { return translate(err) }

// Refused implements sqlcore.Dialect.
func (dialect) Refused(err error) bool { return refused(err) }

// Now implements sqlcore.Dialect.
func (dialect) Now() string { return "CAST(unixepoch('subsec') * 1000000 AS INTEGER)" }

// AuditBy implements sqlcore.Dialect: no statistics are kept that SQLite could
// choose an index by.
func (dialect) AuditBy(index string) string { return "audit INDEXED BY " + index }

// Holds implements sqlcore.Dialect.
func (dialect) Holds(column, text string) sqlcore.Condition {
	return sqlcore.Condition{SQL: "instr(" + column + ", ?) > 0", Args: []any{text}}
}

// Union implements sqlcore.Dialect: SQLite merges what two indexes have in order.
func (dialect) Union(one, other sqlcore.Condition, _ string, _ int) sqlcore.Condition {
	return sqlcore.Condition{SQL: one.SQL + " UNION ALL " + other.SQL, Args: append(one.Args, other.Args...)}
}

// Among implements sqlcore.Dialect.
func (dialect) Among(column string, values []string) sqlcore.Condition {
	args := make([]any, len(values))
	for i, value := range values {
		args[i] = value
	}
	return sqlcore.Condition{SQL: column + " IN " + sqlcore.Placeholders(1, len(values)), Args: args}
}

// FirstOf implements sqlcore.Dialect.
func (dialect) FirstOf(digests []keys.Digest) sqlcore.Condition {
	return sqlcore.Condition{SQL: digestIn(len(digests)), Args: digestArgs(digests)}
}

func digestArgs(digests []keys.Digest) []any {
	args := make([]any, len(digests))
	for i := range digests {
		args[i] = digests[i][:]
	}
	return args
}

// digestIn selects the keys of so many digests, and of these the first one's.
func digestIn(count int) string {
	var in, order strings.Builder
	for i := range count {
		fmt.Fprintf(&in, ", ?%d", i+1)
		fmt.Fprintf(&order, " WHEN ?%d THEN %d", i+1, i)
	}
	condition := "digest IN (" + strings.TrimPrefix(in.String(), ", ") + ")"
	if count < 2 {
		return condition // a digest has one key at most
	}
	return condition + " ORDER BY CASE digest" + order.String() + " END LIMIT 1"
}
