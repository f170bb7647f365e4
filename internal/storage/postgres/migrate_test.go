package postgres

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/keystile/keystile/internal/storage"
)

func TestNodesThatStartAtOnceRunEachMigrationOnce(t *testing.T) {
	t.Parallel()
	dsn := schema(t)
	var group sync.WaitGroup
	start := make(chan struct{})
	for range 12 {
		own := open(t, dsn)
		wantUnknown(t, "view of nothing", own.View(t.Context(), func(storage.Reader) error { return nil })) // it is connected now
		group.Go(func() {
			<-start
			if err := own.Migrate(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	close(start)
	group.Wait()
	s := open(t, dsn)
	var entries, versions int
	must(t, raw(t, s).QueryRow(t.Context(), `SELECT count(*), count(DISTINCT version_id) FROM `+versionTable).Scan(&entries, &versions))
	if entries != versions || versions < 2 {
		t.Errorf("%d entries of %d versions", entries, versions)
	}
}

// A node of the version before starts and serves beside those of the next one.
func TestANewerSchemaIsServed(t *testing.T) {
	t.Parallel()
	s := open(t, schema(t))
	must(t, s.Migrate(t.Context()))
	beside := raw(t, s)
	mustExec(t, beside, `INSERT INTO `+versionTable+` (version_id, is_applied) VALUES (999, true)`)
	mustExec(t, beside, `ALTER TABLE keys ADD COLUMN newer text NOT NULL DEFAULT ''`)
	older := open(t, s.cfg.pool.ConnString())
	must(t, older.Migrate(t.Context()))
	_, err := insert(t.Context(), older, "key_a")
	must(t, err)
	if key, err := find(t.Context(), s, "key_a"); err != nil || key == nil {
		t.Errorf("got %v (%v)", key, err)
	}
}

// A server's statements are prepared on connections that may see a migration
// come by: the look-up must not fail for that.
func TestAMigrationUnderARunningNodeIsNotNoticed(t *testing.T) {
	t.Parallel()
	s := open(t, schema(t))
	must(t, s.Migrate(t.Context()))
	_, err := insert(t.Context(), s, "key_a")
	must(t, err)
	beside := raw(t, s)
	for range 20 {
		key, err := find(t.Context(), s, "key_a")
		if err != nil || key == nil {
			t.Fatalf("got %v (%v)", key, err)
		}
		mustExec(t, beside, `ALTER TABLE keys ADD COLUMN IF NOT EXISTS newer text NOT NULL DEFAULT ''`)
		mustExec(t, beside, `ALTER TABLE keys ALTER COLUMN newer SET DEFAULT 'x'`)
	}
}

func TestTablesOfAnotherProgramAreLeftAlone(t *testing.T) {
	t.Parallel()
	s := open(t, schema(t))
	beside := raw(t, s)
	mustExec(t, beside, `CREATE TABLE keys (door integer)`)
	if err := s.Migrate(t.Context()); !errors.Is(err, errForeign) {
		t.Errorf("got %v", err)
	}
	var tables int
	must(t, beside.QueryRow(t.Context(), `SELECT count(*) FROM pg_tables WHERE schemaname = current_schema()`).Scan(&tables))
	if tables != 1 {
		t.Errorf("there are %d tables, want the other program's alone", tables)
	}
}

func TestTablesAreMadeOnlyWhereThatWasAskedFor(t *testing.T) {
	t.Parallel()
	dsn := schema(t)
	looking := open(t, dsn, MustExist())
	none := (*NoSchemaError)(nil)
	if err := looking.Migrate(t.Context()); !errors.As(err, &none) {
		t.Errorf("got %v", err)
	}
	if _, err := find(t.Context(), looking, "key_a"); err == nil || !strings.Contains(err.Error(), "a gate makes them") {
		t.Errorf("look-up: got %v", err)
	}
	must(t, open(t, dsn).Migrate(t.Context()))
	must(t, looking.Migrate(t.Context()))
}

func TestADatabaseThatIsNotThereIsNamed(t *testing.T) {
	t.Parallel()
	err := open(t, shared(t).DSN("nowhere")).Migrate(t.Context())
	wantUnknown(t, "migrate", err)
	for _, part := range []string{"nowhere", "no such database"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q is not in %v", part, err)
		}
	}
}

// A user who may not make tables is told so, not that the store is away.
func TestAUserWithoutRightsIsToldSo(t *testing.T) {
	t.Parallel()
	p := own(t)
	dsn := empty(t, p)
	must(t, open(t, dsn).Migrate(t.Context()))
	_, err := p.SQL("postgres", `CREATE ROLE guest LOGIN`)
	must(t, err)
	guest := open(t, strings.Replace(dsn, "postgres@", "guest@", 1))
	err = guest.Migrate(t.Context())
	if err == nil || !strings.Contains(err.Error(), "lacks a right") {
		t.Errorf("got %v", err)
	}
	err = guest.View(t.Context(), func(storage.Reader) error { return nil })
	wantUnknown(t, "view", err)
	_, err = p.SQL(guest.cfg.pool.ConnConfig.Database, `GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO guest`)
	must(t, err)
	must(t, guest.Migrate(t.Context()))
	must(t, guest.ApplyUsage(t.Context(), storage.UsageBatch{Incarnation: "a", Sequence: 1, Cells: []storage.UsageCell{{KeyID: "key_a", Hour: noon, Last: noon}}}))
	_, err = insert(t.Context(), guest, "key_a")
	must(t, err)
}
