package postgres

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
	"github.com/keystile/keystile/internal/storage/sqlcore"
)

// alarms are the IDs of rows that were reported as damaged.
type alarms struct {
	mu  sync.Mutex
	ids []string
}

func (a *alarms) raise(id string, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if _, damaged := errors.AsType[*sqlcore.CorruptionError](err); damaged {
		a.ids = append(a.ids, id)
	}
}

func TestDATA04ADamagedRowIsNoAnswerAndHarmsNobodyElse(t *testing.T) {
	t.Parallel()
	for what, how := range map[string]string{
		"scopes that hold null":     `scopes = '["read", null]'`,
		"addresses that are null":   `allowed_ips = 'null'`,
		"a status that is unknown":  `status = 'ACTIVE'`,
		"a digest that is cut off":  `digest = substr(digest, 1, 31)`,
		"metadata that is no JSON":  `metadata = '{'`,
		"an environment not known":  `environment = 'prod'`,
		"no scopes":                 `scopes = ''`,
		"addresses that are a map":  `allowed_ips = '{}'`,
		"scopes that hold a number": `scopes = '[1]'`,
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			var alarms alarms
			s := open(t, schema(t), OnCorrupt(alarms.raise))
			must(t, s.Migrate(t.Context()))
			for _, id := range []keys.ID{"key_a", "key_bad", "key_c"} {
				_, err := insert(t.Context(), s, id)
				must(t, err)
			}
			mustExec(t, raw(t, s), "UPDATE keys SET "+how+" WHERE id = 'key_bad'")
			key, err := find(t.Context(), s, "key_bad")
			if gone := strings.HasPrefix(how, "digest"); key != nil || (err == nil) != gone {
				t.Errorf("looked up %v (%v)", key, err)
			}
			// A page of two is full though a damaged row stands in between.
			must(t, s.View(t.Context(), func(r storage.Reader) error {
				page, err := r.Keys(t.Context(), storage.KeyFilter{Workspace: storage.DefaultWorkspace, Limit: 2})
				if len(page) != 2 || page[0].ID != "key_a" || page[1].ID != "key_c" {
					t.Errorf("got a page of %d keys, want the other two", len(page))
				}
				return err
			}))
			if !slices.Equal(alarms.ids, []string{"key_bad"}) {
				t.Errorf("got alarms for %v, want one for key_bad", alarms.ids)
			}
			_, err = s.Update(t.Context(), func(tx storage.Tx) error { return tx.UpdateKey(t.Context(), newKey("key_bad")) })
			must(t, err)
			if key, err := find(t.Context(), s, "key_bad"); err != nil || key == nil {
				t.Errorf("mended: %v (%v)", key, err)
			}
		})
	}
}

func TestALostHeadOfTheLogIsNoAnswer(t *testing.T) {
	t.Parallel()
	s := open(t, schema(t))
	must(t, s.Migrate(t.Context()))
	_, err := s.Register(t.Context(), storage.Node{Incarnation: "a"})
	must(t, err)
	mustExec(t, raw(t, s), `DELETE FROM head`)
	_, looked := find(t.Context(), s, "key_a")
	_, confirmed := s.Confirm(t.Context())
	_, registered := s.Register(t.Context(), storage.Node{Incarnation: "b"})
	_, inserted := insert(t.Context(), s, "key_a")
	_, _, attended := s.Attend(t.Context(), storage.Beat{Incarnation: "a"})
	_, _, nobody := s.Attend(t.Context(), storage.Beat{Incarnation: "c"})
	for what, err := range map[string]error{
		"look-up": looked, "confirm": confirmed, "register": registered, "insert": inserted, "attend": attended, "attend as nobody": nobody,
		"view": s.View(t.Context(), func(storage.Reader) error { return nil }),
	} {
		wantUnknown(t, what, err)
	}
}

func TestTheAuditTrailCanNotBeRewritten(t *testing.T) {
	t.Parallel()
	s := open(t, schema(t))
	must(t, s.Migrate(t.Context()))
	_, err := s.Update(t.Context(), func(tx storage.Tx) error {
		return tx.AppendAudit(t.Context(), storage.AuditEntry{ID: "entry", Time: noon, Workspace: storage.DefaultWorkspace, Actor: "ann"})
	})
	must(t, err)
	beside := raw(t, s)
	for _, statement := range []string{`DELETE FROM audit`, `UPDATE audit SET actor = 'bob'`, `TRUNCATE audit`} {
		if _, err := beside.Exec(t.Context(), statement); err == nil {
			t.Errorf("%s was done", statement)
		}
	}
}

// PostgreSQL takes no NUL and nothing but UTF-8. What a client said is kept
// all the same, with a mark in the place of what can't be.
func TestTextsThatTheDatabaseCanNotHoldAreMarked(t *testing.T) {
	t.Parallel()
	s := open(t, schema(t))
	must(t, s.Migrate(t.Context()))
	odd := newKey("key_a")
	odd.Description, odd.Metadata = "nul \x00, bad \xff, good ü", map[string]string{"nul": "\x00"}
	_, err := s.Update(t.Context(), func(tx storage.Tx) error {
		return errors.Join(tx.InsertKey(t.Context(), odd), tx.AppendAudit(t.Context(), storage.AuditEntry{ID: "entry", Time: noon, Reason: "\x00"}))
	})
	must(t, err)
	key, err := find(t.Context(), s, "key_a")
	must(t, err)
	if key.Description != "nul �, bad �, good ü" || key.Metadata["nul"] != "\x00" {
		t.Errorf("got %q, %q", key.Description, key.Metadata)
	}
	must(t, s.View(t.Context(), func(r storage.Reader) error {
		if _, err := r.Key(t.Context(), "key_\x00"); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("a key of an odd ID: %v", err)
		}
		return nil
	}))
}
