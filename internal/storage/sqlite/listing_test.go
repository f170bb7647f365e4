package sqlite

import (
	"crypto/sha256"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

// mixed are keys of which some fit each filter: more than few, few, or none.
func mixed() []*keys.Key {
	const count = fewKeys * 3 / 2
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
		if i%500 == 3 {
			k.Name, k.Workspace = "ÄRGER “quoted” 'it' 100%", "acme"
		}
		if i%300 == 7 {
			k.Name, k.Owner = "the Zebra~", "rare"
		}
		all = append(all, k)
	}
	return all
}

// fits says in Go what a filter selects.
func fits(k *keys.Key, f storage.KeyFilter) bool {
	text := strings.ToLower(k.Name) + between + strings.ToLower(k.Hint) + between + strings.ToLower(string(k.ID))
	after := f.AfterID == "" || k.CreatedAt.Before(f.After) || k.CreatedAt.Equal(f.After) && k.ID > f.AfterID
	return k.Workspace == f.Workspace && (f.Status == "" || k.StatusAt(f.Now) == f.Status) &&
		(f.Environment == "" || k.Environment == f.Environment) && (f.Project == "" || k.Project == f.Project) &&
		(f.Owner == "" || k.Owner == f.Owner) && strings.Contains(text, strings.ToLower(f.Query)) && after
}

func TestEveryWayToAListFindsTheSameKeysInTheSameOrder(t *testing.T) {
	t.Parallel()
	s, all := setup(t), mixed()
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
	queries := []string{"", "customer", "CUSTOMER 1", "customer 77", "zebra~", "Zebra", "~", "z", "ä", "“quoted” '", "0%", "no such thing", "~~", "y_0", "key_00001", "1\x1f", "er 1" + between}
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
						f.After, f.AfterID, f.Now = all[700].CreatedAt, all[700].ID, noon.Add(-time.Second)
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
		steps  []string
		sorts  bool // of few keys
	}{
		{"all", storage.KeyFilter{}, []string{"keys_listed (workspace=?"}, false},
		{"active", storage.KeyFilter{Status: keys.Active}, []string{"keys_listed (workspace=?"}, false},
		{"inactive", storage.KeyFilter{Status: keys.Inactive}, []string{"keys_by_status (workspace=? AND status=?"}, false},
		{"revoked", storage.KeyFilter{Status: keys.Revoked, Environment: keys.Live}, []string{"keys_by_status (workspace=? AND status=?"}, false},
		{"expired", storage.KeyFilter{Status: keys.Expired}, []string{"keys_unrevoked (workspace=? AND expires_at<?"}, true},
		{"environment", storage.KeyFilter{Environment: keys.Test}, []string{"keys_by_environment (workspace=? AND environment=?"}, false},
		{"environment, active", storage.KeyFilter{Environment: keys.Test, Status: keys.Active}, []string{"keys_by_environment (workspace=? AND environment=?"}, false},
		{"project", storage.KeyFilter{Project: "p"}, []string{"keys_by_project (workspace=? AND project=?"}, false},
		{"project, revoked", storage.KeyFilter{Project: "p", Status: keys.Revoked}, []string{"keys_by_project (workspace=? AND project=?"}, false},
		{"project, expired", storage.KeyFilter{Project: "p", Status: keys.Expired}, []string{"keys_by_project (workspace=? AND project=?"}, false},
		{"project, environment", storage.KeyFilter{Project: "p", Environment: keys.Test}, []string{"keys_by_project (workspace=? AND project=?"}, false},
		{"owner", storage.KeyFilter{Owner: "o"}, []string{"keys_by_owner (workspace=? AND owner=?"}, false},
		{"owner and all", storage.KeyFilter{Owner: "o", Project: "p", Status: keys.Expired, Environment: keys.Live}, []string{"keys_by_owner (workspace=? AND owner=?"}, false},
		{"text", storage.KeyFilter{Query: "text"}, []string{"key_words VIRTUAL TABLE", "key_numbers USING INTEGER PRIMARY KEY", "keys USING INDEX sqlite_autoindex_keys_1 (id=?"}, true},
		{"text and all", storage.KeyFilter{Query: "text", Owner: "o", Status: keys.Active}, []string{"key_words VIRTUAL TABLE"}, true},
		{"a letter", storage.KeyFilter{Query: "x"}, []string{"key_words VIRTUAL TABLE"}, true},
	} {
		for _, after := range []keys.ID{"", "key_a"} {
			f := c.filter
			f.AfterID, f.After = after, noon
			plan := listPlan(t, s, f)
			for _, step := range c.steps {
				if !strings.Contains(plan, step) {
					t.Errorf("%s: %q is not in\n%s", c.name, step, plan)
				}
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

// Where more than few keys would have to be put in order, they are met in it.
func TestWhatIsFrequentIsListedInOrder(t *testing.T) {
	t.Parallel()
	s := setup(t)
	_, err := s.Update(t.Context(), func(tx storage.Tx) error {
		for i := range fewKeys + 1 {
			k := newKey(keys.ID(fmt.Sprintf("key_%d", i)))
			k.ExpiresAt = noon
			if err := tx.InsertKey(t.Context(), k); err != nil {
				return err
			}
		}
		return nil
	})
	must(t, err)
	for _, f := range []storage.KeyFilter{{Query: "key_"}, {Query: "k"}, {Query: "ey"}, {Status: keys.Expired}, {Query: "key_", Environment: keys.Live}} {
		f.Workspace, f.Now = storage.DefaultWorkspace, noon
		if plan := listPlan(t, s, f); !strings.Contains(plan, "keys_listed (workspace=?") || strings.Contains(plan, "TEMP B-TREE") {
			t.Errorf("%+v:\n%s", f, plan)
		}
	}
}

func listPlan(t *testing.T, s *Store, f storage.KeyFilter) string {
	t.Helper()
	var l *listing
	must(t, s.View(t.Context(), func(r storage.Reader) (err error) {
		l, err = r.(*reader).list(t.Context(), f)
		return err
	}))
	return planOf(t, s, l.query(), l.args)
}

// beforeLists is the last version of the schema without words.
const beforeLists = 5

func TestKeysFromBeforeAndOfACopyAreFoundByTheirWords(t *testing.T) {
	t.Parallel()
	s, c := upTo(t, beforeLists)
	for _, id := range []keys.ID{"key_a", "key_b"} {
		args, err := keyArgs(newKey(id))
		must(t, err)
		mustExec(t, c.write, "INSERT INTO keys ("+keyColumns+", search) VALUES "+placeholders(1, keyColumnCount+1), args...)
	}
	must(t, s.Migrate(t.Context()))
	mustExec(t, c.write, "DELETE FROM keys WHERE id = 'key_a'")
	must(t, insert(t.Context(), s, "key_c"))
	copied := filepath.Join(t.TempDir(), "copy.db")
	mustExec(t, raw(t, s.path), "VACUUM INTO ?", copied)
	for _, store := range []*Store{s, open(t, copied)} {
		must(t, insert(t.Context(), store, "key_d"))
		for query, want := range map[string]int{"key_a": 0, "key_b": 1, "key_c": 1, "key_d": 1, "key": 3} {
			f := storage.KeyFilter{Workspace: storage.DefaultWorkspace, Query: query, Now: noon, Limit: 10}
			must(t, store.View(t.Context(), func(r storage.Reader) error {
				page, err := r.Keys(t.Context(), f)
				if len(page) != want {
					t.Errorf("%s: found %d, want %d", query, len(page), want)
				}
				return err
			}))
		}
	}
}

// What a key is not called any more costs nobody anything.
func TestWordsGoWithTheirKey(t *testing.T) {
	t.Parallel()
	s := setup(t)
	key := newKey("key_a")
	key.Name = "first name"
	_, err := s.Update(t.Context(), func(tx storage.Tx) error { return tx.InsertKey(t.Context(), key) })
	must(t, err)
	answers := func(part string) (n int) {
		must(t, raw(t, s.path).QueryRowContext(t.Context(), "SELECT count(*) FROM ("+withParts+")", quoted(part)).Scan(&n))
		return n
	}
	key.Name = "other name"
	_, err = s.Update(t.Context(), func(tx storage.Tx) error { return tx.UpdateKey(t.Context(), key) })
	must(t, err)
	if answers("fir") != 0 || answers("oth") != 1 || answers("nam") != 1 || answers("a"+between+between) != 1 {
		t.Errorf("renamed, it answers to its old name %d, to its new one %d times", answers("fir"), answers("oth"))
	}
	_, err = s.Update(t.Context(), func(tx storage.Tx) error { return tx.DeleteKey(t.Context(), "key_a") })
	must(t, err)
	if answers("oth") != 0 || answers("nam") != 0 || answers("key") != 0 {
		t.Error("deleted, it answers still")
	}
	var left int
	must(t, raw(t, s.path).QueryRowContext(t.Context(), "SELECT count(*) FROM key_numbers").Scan(&left))
	if left != 0 {
		t.Errorf("%d numbers are left", left)
	}
}

// MGMT-09: a text is found where it stands, and nowhere else.
func FuzzAQueryIsPartOfAText(f *testing.F) {
	for _, seed := range [][2]string{
		{"Billing robot", "LING R"}, {"100% sure", "%"}, {`say "cheese"`, `"ch`}, {`"""`, `""`}, {"NEAR(a b)", "near(a"}, {"a AND b", "AND"},
		{"ΣΊΣΥΦΟΣ", "σίσ"}, {"İstanbul", "i̇st"}, {"x*", "x*"}, {"日本語のキー", "本語"}, {"a\x1fb", "a\x1fb"}, {"-col:x", "col:"}, {"ﬁ", "fi"},
	} {
		f.Add(seed[0], seed[1])
	}
	s, n := setup(f), 0
	f.Fuzz(func(t *testing.T, name, query string) {
		if !utf8.ValidString(name+query) || strings.ContainsRune(name+query, 0) {
			t.Skip("no name is like that")
		}
		n++
		key := newKey("key_x")
		key.Name, key.Digest = name, sha256.Sum256(fmt.Append(nil, n))
		var got int
		_, err := s.Update(t.Context(), func(tx storage.Tx) error {
			must(t, tx.InsertKey(t.Context(), key))
			page, err := tx.Keys(t.Context(), storage.KeyFilter{Workspace: key.Workspace, Query: query, Limit: 2})
			must(t, err)
			got = len(page)
			return tx.DeleteKey(t.Context(), "key_x")
		})
		must(t, err)
		if want := strings.Contains(searchable(key), strings.ToLower(query)); (got == 1) != want {
			t.Errorf("%q in %q: found %d", query, name, got)
		}
	})
}
