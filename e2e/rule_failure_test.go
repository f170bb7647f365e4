package e2e

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/keys"
)

// Each of its tables goes away for longer than what is known may be trusted, and
// comes back.
func TestRULE12NobodyIsLetInByWhateverTableOfItsDatabaseIsGone(t *testing.T) {
	t.Parallel()
	const staleness = time.Second
	g := setup(t, options{app: "max_staleness 1s\nusage {\n flush_interval 100ms\n}", policy: "route GET /v1/x read\nroute GET /v1/admin admin\nroute GET /v1/of/{project} read {\n project {project}\n}"})
	planted := g.plant(4, func(i int, k *keys.Key) {
		k.Scopes = []string{"read"}
		if i == 1 || i == 3 {
			k.Status = keys.Revoked
		}
	})
	met, revoked, unmet, cold := planted[0], planted[1], planted[2], planted[3]
	warm := func() bool {
		return g.get("/v1/x", met.bearer()).status == http.StatusOK && g.get("/v1/x", revoked.bearer()).code() == "revoked_key"
	}
	for _, table := range []string{"keys", "workspaces", "projects", "head", "change_log", "nodes", "schemes", "usage_cells", "usage_totals", "usage_incarnations", "usage_journal", "activity", "denials"} {
		t.Run(table, func(t *testing.T) {
			eventually(t, startWithin, "the gate serves", warm)
			g.upstream.seen()
			g.sql("ALTER TABLE " + table + " RENAME TO " + table + "_away")
			over := time.Now().Add(staleness + staleness/2)
			becomes(2*startWithin, func() bool {
				for _, one := range []struct {
					target string
					lines  []string
					codes  []string
				}{
					{"/v1/x", []string{met.bearer()}, []string{"", "store_unavailable"}},
					{"/v1/admin", []string{met.bearer()}, []string{"insufficient_scope", "store_unavailable"}},
					{"/v1/x", []string{revoked.bearer()}, []string{"revoked_key", "store_unavailable"}},
					{"/v1/x", []string{cold.bearer()}, []string{"revoked_key", "store_unavailable"}},
					{"/v1/x", []string{bearer(mint(nil, keys.Live))}, []string{"unknown_key", "store_unavailable"}},
					{"/v1/x", []string{bearer("ks_live_garbage")}, []string{"malformed_key"}},
					{"/v1/x", nil, []string{"missing_key"}},
				} {
					got := g.get(one.target, one.lines...)
					if !slices.Contains(one.codes, got.code()) || got.code() == "" && got.status != http.StatusOK {
						t.Errorf("%s with %q: answered %v, want %q", one.target, one.lines, got, one.codes)
					}
				}
				return time.Now().After(over) || t.Failed()
			})
			if got := g.get("/v1/x", met.bearer()); table == "head" && got.code() != "store_unavailable" {
				t.Errorf("nothing can be confirmed any more, and a key is answered %v", got)
			}
			g.sql("ALTER TABLE " + table + "_away RENAME TO " + table)
			eventually(t, startWithin, "the gate serves again", warm)
		})
	}
	wantOK(t, g.get("/v1/x", unmet.bearer()))
}
