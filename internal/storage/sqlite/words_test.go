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

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
	"github.com/keystile/keystile/internal/storage/sqlcore"
)

func TestWordsLeadToKeysByTheirNumbers(t *testing.T) {
	t.Parallel()
	s := setup(t)
	f := storage.KeyFilter{Workspace: storage.DefaultWorkspace, Query: "text", Owner: "o", AfterID: "key_a", After: noon}
	l := candidates(f, quoted("tex"))
	plan := planOf(t, s, l.Query(), l.Args)
	if !strings.Contains(plan, "SCAN key_words VIRTUAL TABLE") || !strings.Contains(plan, "SEARCH key_numbers USING INTEGER PRIMARY KEY") {
		t.Errorf("candidates:\n%s", plan)
	}
	for _, n := range []int{1, atATime} {
		f.Owner = ""
		l = (&lister{Session: sqlcore.NewSession(nil, dialect{})}).thoseOf(f, slices.Repeat([]any{"key_a"}, n))
		if plan := planOf(t, s, l.Query(), l.Args); !strings.Contains(plan, "SEARCH keys USING INDEX sqlite_autoindex_keys_1 (id=?)") {
			t.Errorf("of %d:\n%s", n, plan)
		}
	}
}

// What is frequent is met in the order of the list; what isn't, by its words.
func TestOnlyWhatIsNotFrequentIsLookedForByWords(t *testing.T) {
	t.Parallel()
	s := setup(t)
	_, err := s.Update(t.Context(), func(tx storage.Tx) error {
		for i := range 200 {
			k := newKey(keys.ID(fmt.Sprintf("key_%03d", i)))
			k.CreatedAt = noon.Add(time.Duration(i) * time.Second)
			if i == 7 {
				k.Name = "the zebra~"
			}
			if err := tx.InsertKey(t.Context(), k); err != nil {
				return err
			}
		}
		return nil
	})
	must(t, err)
	for query, want := range map[string]string{
		"key_": "", "k": "", "ey": "", "": "", "\xff": "", "a\x00b": "",
		"the zebra": quoted("the"), "ebr": quoted("ebr"), "no such": quoted("no "), "key_007": quoted("007"), "~": `"~` + sqlcore.Between + sqlcore.Between + `" OR "~` + sqlcore.Between + `h"`,
		"~~": `"~~` + sqlcore.Between + `"`,
	} {
		must(t, s.snapshot(t.Context(), func(q *sqlcore.Session, _ storage.Position) error {
			got, err := (&lister{q, s.bounds}).rare(t.Context(), storage.KeyFilter{Workspace: storage.DefaultWorkspace, Query: query, Now: noon, Limit: 50})
			if got != want {
				t.Errorf("%q: asked for %q, want %q", query, got, want)
			}
			return err
		}))
	}
}

// beforeLists is the last version of the schema without words.
const beforeLists = 5

func TestKeysFromBeforeAndOfACopyAreFoundByTheirWords(t *testing.T) {
	t.Parallel()
	s, c := upTo(t, beforeLists)
	for _, id := range []keys.ID{"key_a", "key_b"} {
		insertOldKey(t, c, id)
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
	if answers("fir") != 0 || answers("oth") != 1 || answers("nam") != 1 || answers("a"+sqlcore.Between+sqlcore.Between) != 1 {
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
		if want := strings.Contains(strings.ToLower(strings.Join([]string{name, key.Hint, string(key.ID)}, sqlcore.Between)), strings.ToLower(query)); (got == 1) != want {
			t.Errorf("%q in %q: found %d", query, name, got)
		}
	})
}
