package sqlcore

import (
	"strings"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

// Listing is a query for keys in the order of lists. It has no LIMIT. Every
// value is bound.
type Listing struct {
	Columns string
	From    string
	Args    []any

	where []string
}

// Add adds a condition where it is given.
func (l *Listing) Add(given bool, condition string, values ...any) {
	if given {
		l.where, l.Args = append(l.where, condition), append(l.Args, values...)
	}
}

// After goes on from the last key of the page before.
func (l *Listing) After(f storage.KeyFilter) {
	l.Add(f.AfterID != "" || !f.After.IsZero(), "created_at <= ? AND (created_at < ? OR id > ?)",
		Micros(f.After), Micros(f.After), f.AfterID)
}

// Query writes the listing down.
func (l *Listing) Query() string { return l.unordered() + inListOrder }

const inListOrder = " ORDER BY created_at DESC, id"

func (l *Listing) unordered() string {
	return "SELECT " + l.Columns + " FROM " + l.From + " WHERE " + strings.Join(l.where, " AND ")
}

// Conditions are what a key must fulfil, wherever it is listed from. What is
// looked for is part of a key's texts as it stands.
func Conditions(d Dialect, f storage.KeyFilter) *Listing {
	l := &Listing{Columns: KeyColumns, From: "keys"}
	l.Add(true, "workspace = ?", f.Workspace)
	switch f.Status {
	case "":
	case keys.Revoked:
		l.Add(true, "status = 'revoked'")
	case keys.Expired:
		l.Add(true, "status <> 'revoked' AND expires_at <= ?", Micros(f.Now))
	default:
		l.Add(true, "status = ? AND (expires_at IS NULL OR expires_at > ?)", f.Status, Micros(f.Now))
	}
	l.Add(f.Environment != "", "environment = ?", f.Environment)
	l.Add(f.Project != "", "project = ?", f.Project)
	l.Add(f.Owner != "", "owner = ?", f.Owner)
	if f.Query != "" {
		part := d.Holds("search", strings.ToLower(f.Query))
		l.Add(true, part.SQL, part.Args...)
	}
	return l
}
