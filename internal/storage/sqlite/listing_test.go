package sqlite

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
	"github.com/keystile/keystile/internal/storage/sqlcore"
)

// mixed are keys of which some fit each filter: more than few, few, or none.
func mixed() []*keys.Key {
	const count = 600
	all := make([]*keys.Key, 0, count)
	for i := range count {
		id := keys.ID(fmt.Sprintf("key_%05d", (i*7919)%count)) // in no order
		k := newKey(id)
		k.Name, k.CreatedAt = fmt.Sprintf("Customer %d", i), noon.Add(time.Duration(i/3)*time.Second)
		k.Owner, k.Project = []string{"ann", "bob", ""}[i%3], []string{"p1", "p2", ""}[i%4%3]
		k.Environment = keys.Environments[i%5/4]
		k.Status = []keys.Status{keys.Active, keys.Active, keys.Inactive, keys.Revoked}[i%7%4]
		if i%10 > 2 {
			k.ExpiresAt = noon
		}
		if i%100 == 3 {
			k.Name, k.Workspace = "ÄRGER “quoted” 'it' 100%", "acme"
		}
		if i%150 == 7 {
			k.Name, k.Owner = "the Zebra~", "rare"
		}
		all = append(all, k)
	}
	return all
}

// fits says in Go what a filter selects.
func fits(k *keys.Key, f storage.KeyFilter) bool {
	text := strings.ToLower(k.Name) + sqlcore.Between + strings.ToLower(k.Hint) + sqlcore.Between + strings.ToLower(string(k.ID))
	after := f.AfterID == "" || k.CreatedAt.Before(f.After) || k.CreatedAt.Equal(f.After) && k.ID > f.AfterID
	return k.Workspace == f.Workspace && (f.Status == "" || k.StatusAt(f.Now) == f.Status) &&
		(f.Environment == "" || k.Environment == f.Environment) && (f.Project == "" || k.Project == f.Project) &&
		(f.Owner == "" || k.Owner == f.Owner) && strings.Contains(text, strings.ToLower(f.Query)) && after
}

func TestEveryWayToAListFindsTheSameKeysInTheSameOrder(t *testing.T) {
	t.Parallel()
	for name, bounds := range map[string]bounds{
		"few are found": usualBounds, "most are met in order": {few: 1, tooMany: 30, newest: 45}, "all are met in order": {few: -1, tooMany: 1, newest: 1},
		"all are found by words": {few: 1000, tooMany: 1000, newest: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := setup(t)
			s.bounds = bounds
			everyWay(t, s)
		})
	}
}

func everyWay(t *testing.T, s *Store) {
	t.Helper()
	all := mixed()
	_, err := s.Update(t.Context(), func(tx storage.Tx) error {
		for _, k := range all {
			if err := tx.InsertKey(t.Context(), k); err != nil {
				return err
			}
		}
		return nil
	})
	must(t, err)
	slices.SortFunc(all, func(a, b *keys.Key) int {
		if c := b.CreatedAt.Compare(a.CreatedAt); c != 0 {
			return c
		}
		return strings.Compare(string(a.ID), string(b.ID))
	})
	queries := []string{"", "customer", "CUSTOMER 1", "customer 77", "zebra~", "Zebra", "~", "z", "ä", "“quoted” '", "0%", "no such thing", "~~", "y_0", "key_00001", "1\x1f", "er 1" + sqlcore.Between}
	asked := 0
	for _, status := range []keys.Status{"", keys.Active, keys.Inactive, keys.Revoked, keys.Expired} {
		for _, environment := range []keys.Environment{"", keys.Test} {
			for _, owner := range []string{"", "ann", "rare"} {
				for _, query := range queries {
					asked++
					f := storage.KeyFilter{
						Workspace: []string{storage.DefaultWorkspace, "acme"}[asked%7/6], Status: status, Environment: environment, Owner: owner,
						Query: query, Now: noon, Project: []string{"", "p1", "", "p3"}[asked%4], Limit: 40,
					}
					if asked%2 == 0 {
						f.After, f.AfterID, f.Now = all[200].CreatedAt, all[200].ID, noon.Add(-time.Second)
					}
					compareList(t, s, all, f)
				}
			}
		}
	}
}

func compareList(t *testing.T, s *Store, all []*keys.Key, f storage.KeyFilter) {
	t.Helper()
	var want, got []keys.ID
	for _, k := range all {
		if len(want) < f.Limit && fits(k, f) {
			want = append(want, k.ID)
		}
	}
	must(t, s.View(t.Context(), func(r storage.Reader) error {
		page, err := r.Keys(t.Context(), f)
		for i := range page {
			got = append(got, page[i].ID)
		}
		return err
	}))
	if !slices.Equal(got, want) {
		t.Errorf("%+v (-want +got):\n%s", f, cmp.Diff(want, got))
	}
}

// The plans are those of an empty database, as they are of a full one: each
// list names its index, and nothing is ever analysed.
func TestEachFilterHasItsIndex(t *testing.T) {
	t.Parallel()
	s := setup(t)
	for _, c := range []struct {
		name   string
		filter storage.KeyFilter
		step   string
		sorts  bool // of few keys
	}{
		{"all", storage.KeyFilter{}, "keys_listed (workspace=?", false},
		{"active", storage.KeyFilter{Status: keys.Active}, "keys_listed (workspace=?", false},
		{"inactive", storage.KeyFilter{Status: keys.Inactive}, "keys_by_status (workspace=? AND status=?", false},
		{"revoked", storage.KeyFilter{Status: keys.Revoked, Environment: keys.Live}, "keys_by_status (workspace=? AND status=?", false},
		{"expired", storage.KeyFilter{Status: keys.Expired}, "keys_unrevoked (workspace=? AND expires_at<?", true},
		{"environment", storage.KeyFilter{Environment: keys.Test}, "keys_by_environment (workspace=? AND environment=?", false},
		{"environment, active", storage.KeyFilter{Environment: keys.Test, Status: keys.Active}, "keys_by_environment (workspace=? AND environment=?", false},
		{"project", storage.KeyFilter{Project: "p"}, "keys_by_project (workspace=? AND project=?", false},
		{"project, revoked", storage.KeyFilter{Project: "p", Status: keys.Revoked}, "keys_by_project (workspace=? AND project=?", false},
		{"project, expired", storage.KeyFilter{Project: "p", Status: keys.Expired}, "keys_by_project (workspace=? AND project=?", false},
		{"project, environment", storage.KeyFilter{Project: "p", Environment: keys.Test}, "keys_by_project (workspace=? AND project=?", false},
		{"owner", storage.KeyFilter{Owner: "o"}, "keys_by_owner (workspace=? AND owner=?", false},
		{"owner and all", storage.KeyFilter{Owner: "o", Project: "p", Status: keys.Expired, Environment: keys.Live}, "keys_by_owner (workspace=? AND owner=?", false},
	} {
		for _, after := range []keys.ID{"", "key_a"} {
			f := c.filter
			f.AfterID, f.After = after, noon
			plan := listPlan(t, s, f)
			if !strings.Contains(plan, c.step) {
				t.Errorf("%s: %q is not in\n%s", c.name, c.step, plan)
			}
			if strings.Contains(plan, "SCAN keys") || strings.Contains(plan, "TEMP B-TREE") != c.sorts {
				t.Errorf("%s:\n%s", c.name, plan)
			}
			if after != "" && !c.sorts && !strings.Contains(plan, "created_at<?") {
				t.Errorf("%s: a page after another starts from the first key:\n%s", c.name, plan)
			}
		}
	}
}

func listPlan(t *testing.T, s *Store, f storage.KeyFilter) string {
	t.Helper()
	var l *sqlcore.Listing
	must(t, s.snapshot(t.Context(), func(q *sqlcore.Session, _ storage.Position) (err error) {
		l, err = (&lister{q, s.bounds}).inListOrder(t.Context(), f)
		return err
	}))
	return planOf(t, s, l.Query(), l.Args)
}
