package sqlite

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

// damage is what may have happened to a row. Each would give wider rights, or
// none that anybody gave, if it were read leniently.
var damage = map[string]string{
	"scopes that are no JSON":       `scopes = 'read'`,
	"scopes that are null":          `scopes = 'null'`,
	"scopes that hold null":         `scopes = '["read", null]'`,
	"scopes that hold a number":     `scopes = '[1]'`,
	"scopes cut off":                `scopes = '["re'`,
	"no scopes":                     `scopes = ''`,
	"addresses that are null":       `allowed_ips = 'null'`,
	"addresses that are a map":      `allowed_ips = '{}'`,
	"no addresses":                  `allowed_ips = ''`,
	"metadata that is a list":       `metadata = '[]'`,
	"metadata that holds null":      `metadata = '{"a": null}'`,
	"a status that is unknown":      `status = 'ACTIVE'`,
	"no status":                     `status = ''`,
	"an environment not known":      `environment = 'prod'`,
	"no environment":                `environment = ''`,
	"no workspace, so anybody's":    `workspace = ''`,
	"text that isn't in UTF-8":      `scopes = CAST(x'ff' AS TEXT)`,
	"a digest that is cut off":      `digest = substr(digest, 1, 31)`,
	"a digest with a byte too many": `digest = CAST(digest || x'00' AS BLOB)`,
}

func TestDATA04DamagedRowIsNoAnswerAndHarmsNobodyElse(t *testing.T) {
	t.Parallel()
	for what, how := range damage {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			var alarms alarms
			s := setup(t, OnCorrupt(alarms.raise))
			for _, id := range []keys.ID{"key_a", "key_bad", "key_c"} {
				must(t, insert(t.Context(), s, id))
			}
			mustExec(t, raw(t, s.path), "UPDATE keys SET "+how+" WHERE id = 'key_bad'")
			wantNoKey(t, s, strings.HasPrefix(how, "digest"))
			wantOthers(t, s)
			if raised := alarms.all(); !slices.Equal(raised, []string{"key_bad"}) && how != damage["no workspace, so anybody's"] {
				t.Errorf("got alarms for %v, want one for key_bad", raised)
			}
			_, err := s.Update(t.Context(), func(tx storage.Tx) error { return tx.UpdateKey(t.Context(), newKey("key_bad")) })
			must(t, err)
			if key, err := lookup(t.Context(), s, "key_bad"); err != nil || key == nil {
				t.Errorf("got %v (%v) after the row was mended", key, err)
			}
		})
	}
}

// wantNoKey checks that the damaged key is in doubt, and that the doubt bears
// its ID. Where its digest is gone, its secret is nobody's.
func wantNoKey(t *testing.T, s *Store, nobodys bool) {
	t.Helper()
	key, err := lookup(t.Context(), s, "key_bad")
	if key != nil || nobodys && err != nil {
		t.Errorf("looked up %+v (%v)", key, err)
	}
	if !nobodys {
		wantLine(t, err, "key_bad", "damaged")
	}
	err = s.View(t.Context(), func(r storage.Reader) error {
		_, err := r.Key(t.Context(), "key_bad")
		return err
	})
	wantLine(t, err, "key_bad", "damaged")
	if !errors.Is(err, storage.ErrDamaged) {
		t.Errorf("nobody can tell that from a store that is away: %v", err)
	}
}

func wantOthers(t *testing.T, s *Store) {
	t.Helper()
	for _, id := range []keys.ID{"key_a", "key_c"} {
		if key, err := lookup(t.Context(), s, id); err != nil || key == nil {
			t.Errorf("%s: got %v (%v)", id, key, err)
		}
	}
	must(t, s.View(t.Context(), func(r storage.Reader) error {
		page, err := r.Keys(t.Context(), storage.KeyFilter{Workspace: storage.DefaultWorkspace, Limit: 2})
		if len(page) != 2 || page[0].ID != "key_a" || page[1].ID != "key_c" {
			t.Errorf("got a page of %d keys, want the other two", len(page))
		}
		return err
	}))
}

type alarms struct {
	mu  sync.Mutex
	ids []string
}

func (a *alarms) raise(id string, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if damaged := (*sqlcore.CorruptionError)(nil); errors.As(err, &damaged) {
		a.ids = append(a.ids, id)
	}
}

func (a *alarms) all() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.ids
}

func TestDamagedLogEntryIsNotPassedOver(t *testing.T) {
	t.Parallel()
	s := setup(t)
	must(t, insert(t.Context(), s, "key_a"))
	must(t, insert(t.Context(), s, "key_b"))
	mustExec(t, raw(t, s.path), `UPDATE change_log SET digests = x'01' WHERE revision = 1`)
	changes, err := s.Changes(t.Context(), storage.Position{}, 10)
	wantLine(t, err, "damaged")
	if len(changes) != 0 {
		t.Errorf("got %d changes beside the error", len(changes))
	}
}

func TestDamagedAuditEntryIsShownWithoutItsChanges(t *testing.T) {
	t.Parallel()
	var alarms alarms
	s := setup(t, OnCorrupt(alarms.raise))
	mustExec(t, raw(t, s.path), `INSERT INTO audit (id, time, workspace, actor, action, key_id, target, changes, reason, client)
		VALUES ('entry', 0, 'default', 'ann', 'key.revoke', 'key_a', '', 'no json', '', '')`)
	must(t, s.View(t.Context(), func(r storage.Reader) error {
		entries, err := r.Audit(t.Context(), storage.AuditFilter{Workspace: storage.DefaultWorkspace, Limit: 10})
		if len(entries) != 1 || entries[0].Action != "key.revoke" || entries[0].Changes != nil {
			t.Errorf("got %+v", entries)
		}
		return err
	}))
	if raised := alarms.all(); !slices.Equal(raised, []string{"entry"}) {
		t.Errorf("got alarms for %v", raised)
	}
}

func TestAuditTrailCanNotBeRewritten(t *testing.T) {
	t.Parallel()
	s := setup(t)
	_, err := s.Update(t.Context(), func(tx storage.Tx) error {
		return tx.AppendAudit(t.Context(), storage.AuditEntry{ID: "entry", Time: noon, Workspace: storage.DefaultWorkspace, Actor: "ann"})
	})
	must(t, err)
	db := raw(t, s.path)
	for _, statement := range []string{`DELETE FROM audit`, `UPDATE audit SET actor = 'bob'`} {
		if _, err := db.ExecContext(t.Context(), statement); err == nil {
			t.Errorf("%s was done", statement)
		}
	}
}
