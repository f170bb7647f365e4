package sqlite

import (
	"context"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
	"github.com/keystile/keystile/internal/storage/sqlcore"
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

// lister lists keys on one transaction.
type lister struct {
	*sqlcore.Session
	bounds
}

// List implements sqlcore.Dialect.
func (d dialect) List(ctx context.Context, q *sqlcore.Session, f storage.KeyFilter, fn func(sqlcore.Scan) (bool, error)) error {
	r := &lister{q, d.bounds}
	parts, err := r.rare(ctx, f)
	if err != nil {
		return err
	}
	if parts != "" {
		return r.eachCandidate(ctx, f, parts, fn)
	}
	l, err := r.inListOrder(ctx, f)
	if err != nil {
		return err
	}
	return r.Each(ctx, l.Query(), l.Args, fn)
}

// conditions list keys from the index that holds them in order.
func (r *lister) conditions(f storage.KeyFilter) *sqlcore.Listing {
	l := sqlcore.Conditions(r, f)
	l.From = inOrder
	return l
}

// inListOrder writes down what a filter selects, and the index that is likely
// to hold the fewest others.
func (r *lister) inListOrder(ctx context.Context, f storage.KeyFilter) (*sqlcore.Listing, error) {
	l := r.conditions(f)
	l.After(f)
	switch {
	case f.Owner != "":
		l.From = byOwner
		l.Add(true, "owner <> ''")
	case f.Project != "":
		l.From = byProject
		l.Add(true, "project <> ''")
	case f.Status == keys.Expired:
		n, err := r.count(ctx, expiredKeys, r.few+1, f.Workspace, sqlcore.Micros(f.Now))
		if n <= r.few {
			l.From = byEnd
		}
		return l, err
	case f.Status != "" && f.Status != keys.Active:
		l.From = byStatus
		l.Add(true, "status <> 'active'")
	case f.Environment != "" && f.Query == "":
		l.From = byEnvironment
	}
	return l, nil
}

const expiredKeys = "SELECT 1 FROM " + byEnd + " WHERE workspace = ? AND status <> 'revoked' AND expires_at <= ?"
