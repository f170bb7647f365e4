package postgres

import (
	"context"
	"reflect"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/keystile/keystile/internal/storage/sqlcore"
)

// conn runs sqlcore's statements on a pool or in a transaction.
type conn struct {
	written *statements
	by      runner
}

// runner is a pool or a transaction.
type runner interface {
	Exec(ctx context.Context, statement string, args ...any) (pgconn.CommandTag, error)
	Query(ctx context.Context, query string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, query string, args ...any) pgx.Row
	SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults
}

// Exec implements sqlcore.Conn.
func (c conn) Exec(ctx context.Context, statement string, args []any) (int64, error) {
	tag, err := c.by.Exec(ctx, c.written.numbered(statement), storable(args)...)
	return tag.RowsAffected(), err
}

// Query implements sqlcore.Conn.
func (c conn) Query(ctx context.Context, query string, args []any) (sqlcore.Rows, error) {
	found, err := c.by.Query(ctx, c.written.numbered(query), findable(args)...)
	if err != nil {
		return nil, err
	}
	return rows{found}, nil
}

// QueryRow implements sqlcore.Conn.
func (c conn) QueryRow(ctx context.Context, query string, args []any, dest []any) error {
	return c.by.QueryRow(ctx, c.written.numbered(query), findable(args)...).Scan(dest...)
}

// Pipe implements sqlcore.Conn.
func (c conn) Pipe(ctx context.Context, statements []sqlcore.Statement) error {
	batch := &pgx.Batch{}
	for i := range statements {
		s := &statements[i]
		queued := batch.Queue(c.written.numbered(s.SQL), storable(s.Args)...)
		if s.Dest != nil {
			queued.QueryRow(func(row pgx.Row) error { return row.Scan(s.Dest...) })
		}
	}
	return c.by.SendBatch(ctx, batch).Close()
}

type rows struct{ pgx.Rows }

// Close implements sqlcore.Rows.
func (r rows) Close() error {
	r.Rows.Close()
	return nil
}

// PostgreSQL's texts are UTF-8 and hold no NUL. What is written without being
// so bears a mark in its place; what is looked for and isn't so equals nothing
// that is stored.

// storable returns values as they can be written.
func storable(args []any) []any {
	return texts(args, func(text string) *string {
		marked := strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", mark), mark)
		return &marked
	})
}

const mark = string(utf8.RuneError)

// findable returns values as they can be compared with: NULL equals nothing.
func findable(args []any) []any { return texts(args, func(string) *string { return nil }) }

// texts replaces the values that are no texts to PostgreSQL.
func texts(args []any, instead func(string) *string) []any {
	out := make([]any, len(args))
	for i, arg := range args {
		out[i] = arg
		if list, ok := arg.([]string); ok {
			out[i] = textList(list, instead)
		} else if v := reflect.ValueOf(arg); v.Kind() == reflect.String {
			out[i] = textOr(v.String(), instead)
		}
	}
	return out
}

func textOr(text string, instead func(string) *string) *string {
	if utf8.ValidString(text) && strings.IndexByte(text, 0) < 0 {
		return &text
	}
	return instead(text)
}

func textList(list []string, instead func(string) *string) []*string {
	out := make([]*string, len(list))
	for i, text := range list {
		out[i] = textOr(text, instead)
	}
	return out
}
