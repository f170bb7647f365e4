package sqlite

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
	"github.com/keystile/keystile/internal/storage/sqlcore"
)

// planOf says how SQLite would run a query, a step to a line.
func planOf(t *testing.T, s *Store, query string, args []any) string {
	t.Helper()
	rows, err := raw(t, s.path).QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+query, args...)
	must(t, err)
	defer func() { _ = rows.Close() }()
	var plan strings.Builder
	for rows.Next() {
		var id, parent, unused int
		var step string
		must(t, rows.Scan(&id, &parent, &unused, &step))
		plan.WriteString(step + "\n")
	}
	must(t, rows.Err())
	return plan.String()
}

func TestTheTrailIsReadInTheOrderOfAnIndex(t *testing.T) {
	t.Parallel()
	s := setup(t)
	_, err := s.Update(t.Context(), func(tx storage.Tx) error {
		return tx.AppendAudit(t.Context(), storage.AuditEntry{ID: "entry", Time: noon})
	})
	must(t, err)
	for _, c := range []struct {
		filter storage.AuditFilter
		index  string
	}{
		{storage.AuditFilter{}, "audit_by_time (workspace=?"},
		{storage.AuditFilter{From: noon}, "audit_by_time (workspace=? AND time>?"},
		{storage.AuditFilter{To: noon}, "audit_by_time (workspace=? AND time<?"},
		{storage.AuditFilter{From: noon, To: noon}, "audit_by_time (workspace=? AND time>? AND time<?"},
		{storage.AuditFilter{KeyID: "k"}, "audit_by_key (workspace=? AND key_id=?"},
		{storage.AuditFilter{KeyID: "k", Actor: "a", Action: "b", Project: "p"}, "audit_by_key (workspace=? AND key_id=?"},
		{storage.AuditFilter{Actor: "a", Action: "b", Project: "p", From: noon}, "audit_by_actor (workspace=? AND actor=? AND time>?"},
		{storage.AuditFilter{Action: "b", Project: "p"}, "audit_by_project (workspace=? AND project=?"},
		{storage.AuditFilter{Action: "b", To: noon}, "audit_by_action (workspace=? AND action=? AND time<?"},
	} {
		for _, after := range []string{"", "entry"} {
			for _, unplaced := range []bool{false, true} {
				c.filter.Unplaced, c.filter.Before = unplaced, after
				plan := planOfTrail(t, s, c.filter)
				if after == "" && !strings.Contains(plan, c.index) || !strings.Contains(plan, strings.Split(c.index, "?")[0]) ||
					strings.Contains(plan, "SCAN") || strings.Contains(plan, "TEMP B-TREE") {
					t.Errorf("%s after %q:\n%s", fmt.Sprintf("%+v", c.filter), after, plan)
				}
				if after != "" && !strings.Contains(plan, "time<") && !strings.Contains(plan, "(time,seq)<") {
					t.Errorf("a page after another starts from the first entry:\n%s", plan)
				}
			}
		}
	}
}

// planOfTrail says how SQLite runs the last query of a list of the audit trail.
func planOfTrail(t *testing.T, s *Store, f storage.AuditFilter) string {
	t.Helper()
	return planOfLast(t, s, func(r storage.Reader) error {
		_, err := r.Audit(t.Context(), f)
		return err
	})
}

// planOfLast says how SQLite runs the last query that is asked.
func planOfLast(t *testing.T, s *Store, ask func(storage.Reader) error) string {
	t.Helper()
	tx, err := raw(t, s.path).BeginTx(t.Context(), nil)
	must(t, err)
	last := &lastQuery{conn: conn{tx, new(repeated)}}
	err = ask(sqlcore.NewReader(sqlcore.NewSession(last, dialect{}), s.onCorrupt))
	must(t, errors.Join(err, tx.Rollback()))
	return planOf(t, s, last.query, last.args)
}

// lastQuery remembers what was asked last.
type lastQuery struct {
	conn
	query string
	args  []any
}

func (l *lastQuery) Query(ctx context.Context, query string, args []any) (sqlcore.Rows, error) {
	l.query, l.args = query, args
	return l.conn.Query(ctx, query, args)
}

func (l *lastQuery) QueryRow(ctx context.Context, query string, args []any, dest []any) error {
	l.query, l.args = query, args
	return l.conn.QueryRow(ctx, query, args, dest)
}

func TestKeysThatEndSoonAreFoundByAnIndex(t *testing.T) {
	t.Parallel()
	s := setup(t)
	plan := planOfLast(t, s, func(r storage.Reader) error {
		_, err := r.Keys(t.Context(), storage.KeyFilter{
			Workspace: "w", Status: keys.Active, Now: noon, EndsBefore: noon, Order: storage.KeyOrder{By: storage.ByEnd}, Limit: 1,
		})
		return err
	})
	if !strings.Contains(plan, "keys_unrevoked (workspace=? AND expires_at") {
		t.Error(plan)
	}
}

func TestTheTrailIsFollowedInTheOrderOfItsRows(t *testing.T) {
	t.Parallel()
	s := setup(t)
	plan := planOfLast(t, s, func(r storage.Reader) error {
		_, _, err := r.AuditAfter(t.Context(), 1, 1)
		return err
	})
	if !strings.Contains(plan, "SEARCH audit USING INTEGER PRIMARY KEY (rowid>?)") || strings.Contains(plan, "TEMP B-TREE") {
		t.Error(plan)
	}
}
