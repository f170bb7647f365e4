package sqlite

import (
	"context"
	"strings"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

// fewKeys is how many keys are put in order after they were found. Where there
// may be more, they are met in their order instead, until the page is full:
// what there is that much of fills one soon.
const fewKeys = 1000

// Where keys are listed from. What an index leaves out stands with it, so that
// SQLite sees that it may be used.
const (
	inOrder       = "keys INDEXED BY keys_listed"
	byOwner       = "keys INDEXED BY keys_by_owner"
	byProject     = "keys INDEXED BY keys_by_project"
	byStatus      = "keys INDEXED BY keys_by_status"
	byEnvironment = "keys INDEXED BY keys_by_environment"
	byEnd         = "keys INDEXED BY keys_unrevoked"
	byWords       = "key_words CROSS JOIN key_numbers ON key_numbers.seq = key_words.rowid CROSS JOIN keys USING (id)"
)

// listing is a query for keys in their order. It has no LIMIT: rows are read as
// they are needed. Every value is bound.
type listing struct {
	from  string
	where []string
	args  []any
}

func (l *listing) add(given bool, condition string, values ...any) {
	if given {
		l.where, l.args = append(l.where, condition), append(l.args, values...)
	}
}

func (l *listing) query() string {
	return "SELECT " + keyColumns + " FROM " + l.from + " WHERE " + strings.Join(l.where, " AND ") + " ORDER BY created_at DESC, id"
}

// list writes down what a filter selects, and the way to it that is likely to
// meet the fewest others.
func (r *reader) list(ctx context.Context, f storage.KeyFilter) (*listing, error) {
	l := conditions(f)
	parts, err := r.rare(ctx, f.Query)
	if err != nil {
		return nil, err
	}
	switch {
	case parts != "":
		l.from = byWords
		l.add(true, "key_words MATCH ?", parts)
	case f.Owner != "":
		l.from = byOwner
		l.add(true, "owner <> ''")
	case f.Project != "":
		l.from = byProject
		l.add(true, "project <> ''")
	case f.Status == keys.Expired:
		n, err := r.countFew(ctx, expiredKeys, f.Workspace, micros(f.Now))
		if n <= fewKeys {
			l.from = byEnd
		}
		return l, err
	case f.Status != "" && f.Status != keys.Active:
		l.from = byStatus
		l.add(true, "status <> 'active'")
	case f.Environment != "" && f.Query == "":
		l.from = byEnvironment
	}
	return l, nil
}

const expiredKeys = "SELECT 1 FROM " + byEnd + " WHERE workspace = ? AND status <> 'revoked' AND expires_at <= ?"

// conditions are what a key must fulfil, wherever it is listed from. What is
// looked for is part of a key's texts as it stands, by instr.
func conditions(f storage.KeyFilter) *listing {
	l := &listing{from: inOrder}
	l.add(true, "workspace = ?", f.Workspace)
	switch f.Status {
	case "":
	case keys.Revoked:
		l.add(true, "status = 'revoked'")
	case keys.Expired:
		l.add(true, "status <> 'revoked' AND expires_at <= ?", micros(f.Now))
	default:
		l.add(true, "status = ? AND (expires_at IS NULL OR expires_at > ?)", f.Status, micros(f.Now))
	}
	l.add(f.Environment != "", "environment = ?", f.Environment)
	l.add(f.Project != "", "project = ?", f.Project)
	l.add(f.Owner != "", "owner = ?", f.Owner)
	l.add(f.Query != "", "instr(keys.search, ?) > 0", strings.ToLower(f.Query))
	l.add(f.AfterID != "" || !f.After.IsZero(), "created_at <= ? AND (created_at < ? OR id > ?)",
		micros(f.After), micros(f.After), f.AfterID)
	return l
}
