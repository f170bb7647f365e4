package e2e

import (
	"database/sql"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// queryer is what checks ask of a database.
type queryer interface {
	QueryRow(query string, args ...any) *sql.Row
}

// withSQL looks into a database beside the gate.
func withSQL(t testing.TB, database string, look func(queryer) error) {
	t.Helper()
	db, err := openSQL(database)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := look(db); err != nil {
		t.Fatalf("%s: %v", database, err)
	}
}

func TestDatabaseThatAnotherProcessHoldsStopsWritersOnly(t *testing.T) {
	t.Parallel()
	t.Run("SQLITE-02 database locked by another process", holdDatabase)
}

func holdDatabase(t *testing.T) {
	const clients, perSecond = 4, 200
	o := setupOffice(t, options{driver: "sqlite", app: "usage {\n flush_interval 200ms\n}", before: quiet, behind: "respond ok"})
	made, cold := o.plant(20, nil), o.plant(20, nil)
	c := newCrowd(o.gate)
	halt := c.keepCalling(seeded(t), made, clients, perSecond)
	eventually(t, 10*time.Second, "load is under way", func() bool { return c.done.Load() > perSecond })
	release := lock(t, o.db)
	locked := time.Now()
	answered := make(chan response, 2)
	go func() {
		_, got, _ := o.create("a key") // refused, as its answer says
		answered <- got
	}()
	go func() {
		got, _ := o.revoke(made[0].ID)
		answered <- got
	}()
	for i, k := range cold {
		wantOK(t, o.get("/", k.bearer()))
		c.note(k, "", response{status: http.StatusOK}, nil, time.Now())
		if got, err := o.manage(http.MethodGet, "/v1/keys/"+k.ID, ""); err != nil || got.status != http.StatusOK {
			t.Errorf("key %d is shown as %v, %v", i, got, err)
		}
	}
	for range 2 { // while the lock is held, and none waits for the other first
		if got := <-answered; got.status != http.StatusServiceUnavailable || got.code() != "store_unavailable" || got.header.Get("Retry-After") == "" {
			t.Errorf("a change is answered %v", got)
		}
	}
	t.Logf("changes were refused after %v", time.Since(locked).Round(time.Millisecond))
	if done := o.cli("keys", "create", "a key"); done.status != 1 || !strings.Contains(done.err, "held by another process") || strings.Count(done.err, "\n") != 1 {
		t.Errorf("keys create: exit status %d: %s", done.status, done.err)
	}
	eventually(t, time.Minute, "the lock was held for ten seconds", func() bool { return time.Since(locked) > 10*time.Second })
	release()
	if _, _, err := o.create("a key"); err != nil {
		t.Error(err)
	}
	halt()
	c.healthy(t)
	o.stop()
	wantSums(t, c, append(made, cold...), o.db)
	wantIntegrity(t, o.db)
}

func TestReadOnlyDiskIsOneClearErrorAtStart(t *testing.T) {
	t.Parallel()
	for name, prepared := range map[string]bool{"SQLITE-04 database": true, "SQLITE-04 empty folder": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := memoryDisk(t, 8<<20)
			g := prepare(t, options{store: filepath.Join(d.at, "keys.db")})
			if prepared {
				g.start()
				g.stop()
			}
			d.again("ro")
			if err := os.Remove(g.logFile()); err != nil && prepared {
				t.Fatal(err)
			}
			out, status := startBadly(t, g)
			last := lastLine(out)
			if status == 0 || !strings.Contains(last, "read-only") && !strings.Contains(last, "must be readable and writable") || !strings.Contains(last, d.at) {
				t.Errorf("exit status %d; the last line says %q", status, last)
			}
		})
	}
}

func TestDiskThatBecomesReadOnlyStopsNoKnownKey(t *testing.T) {
	t.Parallel()
	t.Run("SQLITE-04 read-only from one moment on", breakDisk)
}

func breakDisk(t *testing.T) {
	const clients, perSecond = 4, 200
	d := fileDisk(t, 16<<20)
	o := setupOn(d, options{app: "max_staleness 1s\nusage {\n flush_interval 100ms\n}", before: quiet, behind: "respond ok"})
	made := o.plant(20, nil)
	c := newCrowd(o.gate)
	halt := c.keepCalling(seeded(t), made, clients, perSecond)
	eventually(t, 10*time.Second, "all keys are in memory", func() bool { return c.done.Load() > perSecond })
	durable, _, err := o.create("made before")
	if err != nil {
		t.Fatal(err)
	}
	d.fail()
	_, got, err := o.create("made after")
	if err == nil || got.status != http.StatusServiceUnavailable || got.code() != "store_unavailable" {
		t.Errorf("a change is answered %v, %v", got, err)
	}
	eventually(t, 10*time.Second, "a flush failed", func() bool { return strings.Contains(o.log(), "flushing usage failed") })
	before := c.allowed()
	eventually(t, 10*time.Second, "known keys go on", func() bool { return c.allowed() > before+2*perSecond })
	halt()
	c.healthy(t)
	o.kill()
	d.mend()
	wantIntegrity(t, o.db)
	o.start()
	wantOK(t, o.get("/", durable.bearer()))
	if _, _, err := o.create("made later"); err != nil {
		t.Error(err)
	}
}
