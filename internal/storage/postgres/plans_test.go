package postgres

import (
	"context"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
	"github.com/keystile/keystile/internal/storage/sqlcore"
)

// lastQuery remembers what was asked last, as PostgreSQL was asked.
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

// planOfLast says how PostgreSQL would run the last query that is asked, if it
// had to do without reading whole tables and without sorting.
func planOfLast(t *testing.T, c *pgx.Conn, ask func(storage.Reader) error) string {
	t.Helper()
	last := &lastQuery{conn: conn{&statements{}, c}}
	must(t, ask(sqlcore.NewReader(sqlcore.NewSession(last, dialect{}), func(string, error) {})))
	rows, err := c.Query(t.Context(), "EXPLAIN (COSTS OFF) "+number(last.query), findable(last.args)...)
	must(t, err)
	plan, err := pgx.CollectRows(rows, pgx.RowTo[string])
	must(t, err)
	return strings.Join(plan, "\n")
}

// manyKeys are of many projects, owners and profiles.
const manyKeys = `INSERT INTO keys SELECT 'key_' || i, decode(md5(i::text), 'hex'), '', 'name', '', 'hint', 'active', 'ci', 'live', '[]',
	'default', 'p' || i, 'o' || i, '', i, NULL, 'p' || i, '', '[]', '{}', '', '', 'key_' || i, 'name' FROM generate_series(1, 2000) AS i`

// sorts reports whether more rows are sorted than are shown.
func sorts(plan string) bool {
	_, parts, merged := strings.Cut(plan, "Append")
	if !merged {
		parts = plan
	}
	return strings.Contains(parts, "->  Sort")
}

func TestEachQuestionHasItsIndex(t *testing.T) {
	t.Parallel()
	s := open(t, schema(t))
	must(t, s.Migrate(t.Context()))
	_, err := s.Update(t.Context(), func(tx storage.Tx) error {
		return tx.AppendAudit(t.Context(), storage.AuditEntry{ID: "entry", Time: noon})
	})
	must(t, err)
	c := raw(t, s)
	mustExec(t, c, manyKeys)
	mustExec(t, c, `ANALYZE keys`)
	mustExec(t, c, `SET enable_seqscan = off; SET enable_sort = off; SET enable_bitmapscan = off; SET enable_incremental_sort = off`)
	for name, list := range map[string]struct {
		filter storage.KeyFilter
		index  string
	}{
		"all":         {storage.KeyFilter{}, "keys_listed"},
		"owner":       {storage.KeyFilter{Owner: "o"}, "keys_by_owner"},
		"project":     {storage.KeyFilter{Project: "p"}, "keys_by_project"},
		"environment": {storage.KeyFilter{Environment: keys.Test}, "keys_by_environment"},
		"revoked":     {storage.KeyFilter{Status: keys.Revoked}, "keys_by_status"},
		"inactive":    {storage.KeyFilter{Status: keys.Inactive}, "keys_by_status"},
	} {
		for _, after := range []keys.ID{"", "key_a"} {
			f := list.filter
			f.AfterID, f.After, f.Limit, f.Now = after, noon, 10, noon
			plan := planOfLast(t, c, func(r storage.Reader) error {
				_, err := r.Keys(t.Context(), f)
				return err
			})
			if !strings.Contains(plan, "using "+list.index) || sorts(plan) {
				t.Errorf("%s: %s is not used:\n%s", name, list.index, plan)
			}
		}
	}
	for name, trail := range map[string]struct {
		filter storage.AuditFilter
		index  string
	}{
		"trail": {storage.AuditFilter{}, "audit_by_time"}, "of a key": {storage.AuditFilter{KeyID: "k"}, "audit_by_key"},
		"of an actor": {storage.AuditFilter{Actor: "a"}, "audit_by_actor"}, "of an action": {storage.AuditFilter{Action: "a"}, "audit_by_action"},
		"of a project": {storage.AuditFilter{Project: "p"}, "audit_by_project"}, "of a time": {storage.AuditFilter{From: noon, To: noon}, "audit_by_time"},
	} {
		for _, before := range []string{"", "entry"} {
			for _, unplaced := range []bool{false, true} {
				trail.filter.Before, trail.filter.Unplaced, trail.filter.Limit = before, unplaced, 10
				plan := planOfLast(t, c, func(r storage.Reader) error {
					_, err := r.Audit(t.Context(), trail.filter)
					return err
				})
				if !strings.Contains(plan, "using "+trail.index) || sorts(plan) {
					t.Errorf("%s: %s is not used:\n%s", name, trail.index, plan)
				}
			}
		}
	}
	for index, ask := range map[string]func(storage.Reader) error{
		"keys_by_project": func(r storage.Reader) error {
			_, err := r.ProjectInUse(t.Context(), storage.DefaultWorkspace, "p", noon)
			return err
		},
		"audit_pkey": func(r storage.Reader) error {
			_, _, err := r.AuditAfter(t.Context(), 1, 10)
			return err
		},
		"keys_by_profile": func(r storage.Reader) error {
			_, err := r.ProfileInUse(t.Context(), storage.DefaultWorkspace, "p")
			return err
		},
		"keys_digest_key": func(r storage.Reader) error {
			_, _ = r.KeyByDigest(t.Context(), []keys.Digest{{}, {1}})
			return nil
		},
		"usage_owners_by_lineage": func(r storage.Reader) error {
			_, err := r.UsageCost(t.Context(), storage.UsageOf{Lineage: "key_a"}, noon)
			return err
		},
	} {
		if plan := planOfLast(t, c, ask); !strings.Contains(plan, index) {
			t.Errorf("%s is not used:\n%s", index, plan)
		}
	}
}
