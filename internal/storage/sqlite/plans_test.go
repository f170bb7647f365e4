package sqlite

import (
	"fmt"
	"strings"
	"testing"

	"github.com/keystile/keystile/internal/storage"
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
		for _, after := range []place{{}, {1, 1}} {
			for _, unplaced := range []bool{false, true} {
				c.filter.Unplaced = unplaced
				query, args := selectAudit(c.filter, after)
				plan := planOf(t, s, query, args)
				if after.seq == 0 && !strings.Contains(plan, c.index) || !strings.Contains(plan, strings.Split(c.index, "?")[0]) ||
					strings.Contains(plan, "SCAN") || strings.Contains(plan, "TEMP B-TREE") {
					t.Errorf("%s after %v:\n%s", fmt.Sprintf("%+v", c.filter), after, plan)
				}
				if after.seq != 0 && !strings.Contains(plan, "time<") && !strings.Contains(plan, "(time,seq)<") {
					t.Errorf("a page after another starts from the first entry:\n%s", plan)
				}
			}
		}
	}
}
