package migrate

import (
	"context"
	"errors"
	"testing"

	"github.com/keystile/keystile/internal/storage"
	"github.com/keystile/keystile/internal/storage/sqlcore"
)

func TestAStoreThatHoldsAnythingElseIsNotFilled(t *testing.T) {
	eachWay(t, func(t *testing.T, from, to Store) {
		furnish(t, from, 3)
		update(t, to, func(ctx context.Context, tx storage.Tx) error {
			return tx.InsertWorkspace(ctx, storage.Workspace{Name: "mine", CreatedAt: noon})
		})
		_, err := migration(from, to).Run(t.Context())
		if _, ok := errors.AsType[*NotEmptyError](err); !ok || !has(err.Error(), "workspaces") {
			t.Errorf("got error %v", err)
		}
		update(t, from, func(ctx context.Context, tx storage.Tx) error { return tx.DeleteKey(ctx, "key_plain") }) // it isn't left
	})
}

func TestAStoreThatAGateUsesIsNotFilled(t *testing.T) {
	t.Parallel()
	from, to := onSQLite(t), onPostgres(t)
	_, err := to.Register(t.Context(), storage.Node{Incarnation: "a", Name: "gate"})
	must(t, err)
	if _, err := migration(from, to).Run(t.Context()); err == nil || !has(err.Error(), "nodes") {
		t.Errorf("got error %v", err)
	}
}

func TestOneStoreIsMovedToOneOther(t *testing.T) {
	t.Parallel()
	from, one, other := onSQLite(t), onSQLite(t), onSQLite(t)
	furnish(t, from, 3)
	_, err := migration(from, one).Run(t.Context())
	must(t, err)
	if _, err := migration(from, other).Run(t.Context()); !errors.Is(err, ErrElsewhere) {
		t.Errorf("to another one: %v", err)
	}
	must(t, Abort(t.Context(), from))
	_, err = migration(from, other).Run(t.Context())
	must(t, err)
	for what, to := range map[string]Store{"the one that was given up": one, "itself": from} {
		if _, err := migration(from, to).Run(t.Context()); err == nil {
			t.Errorf("it can be moved to %s", what)
		}
	}
}

// A part that was left behind is none of the next migration.
func TestAPartOfAMigrationThatWasGivenUpIsNotGoneOnWith(t *testing.T) {
	t.Parallel()
	from, to := onSQLite(t), onPostgres(t)
	furnish(t, from, 3)
	if _, err := migration(from, &onAlter{Store: to, then: failFrom(8)}).Run(t.Context()); !errors.Is(err, errKilled) {
		t.Fatal(err)
	}
	must(t, Abort(t.Context(), from))
	_, err := migration(from, to).Run(t.Context())
	if _, ok := errors.AsType[*NotEmptyError](err); !ok || !has(err.Error(), "given up") {
		t.Errorf("got error %v", err)
	}
}

// Each statement spoils another table behind the copy's back.
func TestWhatIsNotTheSameIsFoundWithTheNameOfItsTable(t *testing.T) {
	t.Parallel()
	for table, statement := range map[string]string{
		"keys":            `UPDATE keys SET status = 'active' WHERE id = 'key_revoked'`,
		"tokens":          `UPDATE tokens SET expires_at = NULL`,
		"audit":           `INSERT INTO audit (seq, id, time, workspace, project, actor, action, key_id, target, changes, reason, client) OVERRIDING SYSTEM VALUE VALUES (99, 'x', 1, '', '', '', '', '', '', '{}', '', '')`,
		"usage_cells":     `UPDATE usage_cells SET denied = true, count = count + 1 WHERE key_id = 'key_gone'`,
		"usage_totals":    `DELETE FROM usage_totals WHERE key_id = 'key_gone'`,
		"workspace_usage": `UPDATE workspace_usage SET cost = cost - 1`,
		"activity":        `UPDATE activity SET client = '192.0.2.8'`,
		"creations":       `UPDATE creations SET made = 'key_new'`,
		"schemes":         `UPDATE schemes SET algorithm = 'sha256' WHERE id = 'sch_2'`,
	} {
		t.Run(table, func(t *testing.T) {
			t.Parallel()
			from, to := onSQLite(t), onPostgres(t)
			furnish(t, from, 3)
			m := migration(from, to)
			m.Progress = func(done Table) {
				if done.Name != "activity" || done.Digest != "" { // the last one that is copied
					return
				}
				must(t, to.Alter(t.Context(), func(q *sqlcore.Session) error { return q.Exec(t.Context(), statement) }))
			}
			_, err := m.Run(t.Context())
			wrong, ok := errors.AsType[*MismatchError](err)
			if !ok || len(wrong.Tables) != 1 || !has(wrong.Tables[0], table+" (") {
				t.Fatalf("got error %v", err)
			}
			m.Progress = nil
			switch _, err = m.Run(t.Context()); {
			case table == "audit" && !errors.Is(err, sqlcore.ErrKept):
				t.Errorf("an entry that nobody wrote: %v", err)
			case table != "audit" && err != nil:
				t.Errorf("run again: %v", err)
			}
		})
	}
}
