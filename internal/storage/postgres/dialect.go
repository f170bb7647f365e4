package postgres

import (
	"context"
	"slices"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
	"github.com/keystile/keystile/internal/storage/sqlcore"
)

// dialect is PostgreSQL's SQL.
type dialect struct{}

var _ sqlcore.Dialect = dialect{}

// Translate implements sqlcore.Dialect.
func (dialect) Translate(err error) error { return translate(err) }

// Refused implements sqlcore.Dialect: after any error of the server, there is
// no transaction any more.
func (dialect) Refused(err error) bool { return isNoRows(err) }

// Now implements sqlcore.Dialect.
func (dialect) Now() string { return "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint" }

// AuditBy implements sqlcore.Dialect: PostgreSQL finds the index by itself.
func (dialect) AuditBy(string) string { return "audit" }

// Holds implements sqlcore.Dialect.
func (dialect) Holds(column, text string) sqlcore.Condition {
	return sqlcore.Condition{SQL: "strpos(" + column + ", ?) > 0", Args: []any{text}}
}

// Union implements sqlcore.Dialect: PostgreSQL would sort all rows of both.
func (dialect) Union(one, other sqlcore.Condition, order string, limit int) sqlcore.Condition {
	first := order + " LIMIT ?)"
	return sqlcore.Condition{
		SQL:  "(" + one.SQL + first + " UNION ALL (" + other.SQL + first,
		Args: slices.Concat(one.Args, []any{limit}, other.Args, []any{limit}),
	}
}

// Given implements sqlcore.Dialect.
func (dialect) Given() string { return " OVERRIDING SYSTEM VALUE" }

// Renumber implements sqlcore.Dialect.
func (dialect) Renumber(table, column string) string {
	return "SELECT setval(pg_get_serial_sequence('" + table + "', '" + column + "'), (SELECT coalesce(max(" + column + "), 0) + 1 FROM " + table + "), false)"
}

// Among implements sqlcore.Dialect.
func (dialect) Among(column string, values []string) sqlcore.Condition {
	return sqlcore.Condition{SQL: column + " = ANY (?)", Args: []any{values}}
}

// FirstOf implements sqlcore.Dialect.
func (dialect) FirstOf(digests []keys.Digest) sqlcore.Condition {
	return sqlcore.Condition{SQL: firstOf, Args: []any{digestArgs(digests)}}
}

const firstOf = "digest = ANY (?1) ORDER BY array_position(?1::bytea[], digest) LIMIT 1"

func digestArgs(digests []keys.Digest) [][]byte {
	all := make([][]byte, len(digests))
	for i := range digests {
		all[i] = digests[i][:]
	}
	return all
}

// List implements sqlcore.Dialect. It reads as many keys as the page has, and
// more where some of them are damaged and left out.
func (d dialect) List(ctx context.Context, q *sqlcore.Session, f storage.KeyFilter, fn func(sqlcore.Scan) (bool, error)) error {
	l := sqlcore.Conditions(d, f)
	l.After(f)
	// Where an index leaves rows out, PostgreSQL has to see that none of them
	// is meant.
	l.Add(f.Owner != "", "owner <> ''")
	l.Add(f.Project != "", "project <> ''")
	l.Add(f.Status != "" && f.Status != keys.Active && f.Status != keys.Expired, "status <> 'active'")
	if f.Limit <= 0 {
		return q.Each(ctx, l.Query(), l.Args, fn)
	}
	for offset := 0; ; offset += f.Limit {
		read, done := 0, false
		err := q.Each(ctx, l.Query()+" LIMIT ? OFFSET ?", append(l.Args[:len(l.Args):len(l.Args)], f.Limit, offset),
			func(row sqlcore.Scan) (_ bool, err error) {
				read++
				done, err = fn(row)
				return done, err
			})
		if err != nil || done || read < f.Limit {
			return err
		}
	}
}
