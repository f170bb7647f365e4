package sqlite

import (
	"context"
	"strings"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

// bounds decide how a list is made: where few keys are found, they are put in
// order; where there may be more, they are met in their order instead, until
// the page is full.
type bounds struct {
	few     int // keys, read in full
	tooMany int // keys, of which only the ID is read first
	newest  int // keys that show whether a text is frequent
}

var usualBounds = bounds{few: 1000, tooMany: 5000, newest: 3000}

// Where keys are listed from. What an index leaves out stands with it, so that
// SQLite sees that it may be used.
const (
	inOrder       = "keys INDEXED BY keys_listed"
	byOwner       = "keys INDEXED BY keys_by_owner"
	byProject     = "keys INDEXED BY keys_by_project"
	byStatus      = "keys INDEXED BY keys_by_status"
	byEnvironment = "keys INDEXED BY keys_by_environment"
	byEnd         = "keys INDEXED BY keys_unrevoked"
	byID          = "keys INDEXED BY sqlite_autoindex_keys_1"
)

// listing is a query for keys in their order. It has no LIMIT: rows are read as
// they are needed. Every value is bound.
type listing struct {
	columns string
	from    string
	where   []string
	args    []any
}

func (l *listing) add(given bool, condition string, values ...any) {
	if given {
		l.where, l.args = append(l.where, condition), append(l.args, values...)
	}
}

// after goes on from the last key of the page before.
func (l *listing) after(f storage.KeyFilter) {
	l.add(f.AfterID != "" || !f.After.IsZero(), "created_at <= ? AND (created_at < ? OR id > ?)",
		micros(f.After), micros(f.After), f.AfterID)
}

func (l *listing) query() string {
	return "SELECT " + l.columns + " FROM " + l.from + " WHERE " + strings.Join(l.where, " AND ") + " ORDER BY created_at DESC, id"
}

// inListOrder writes down what a filter selects, and the index that is likely
// to hold the fewest others.
func (r *reader) inListOrder(ctx context.Context, f storage.KeyFilter) (*listing, error) {
	l := conditions(f)
	l.after(f)
	switch {
	case f.Owner != "":
		l.from = byOwner
		l.add(true, "owner <> ''")
	case f.Project != "":
		l.from = byProject
		l.add(true, "project <> ''")
	case f.Status == keys.Expired:
		n, err := r.count(ctx, expiredKeys, r.few+1, f.Workspace, micros(f.Now))
		if n <= r.few {
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
	l := &listing{columns: keyColumns, from: inOrder}
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
	l.add(f.Query != "", "instr(search, ?) > 0", strings.ToLower(f.Query))
	return l
}
