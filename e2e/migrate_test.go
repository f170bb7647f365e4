package e2e

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/keystile/keystile/internal/keys"
)

// moved is what `keystile migrate --json` prints.
type moved struct {
	Tables  []movedTable
	Batches int `json:"usage_batches"`
	Entries int `json:"audit_entries"`
}

type movedTable struct {
	Table  string
	Rows   int
	Digest string
}

// move runs a migration from the gate's file to its database.
func (g *gate) move() (moved, command) {
	g.t.Helper()
	done := g.run("migrate", "--from", "sqlite:"+g.db, "--to", "postgres:{env."+databaseVariable+"}", "--json")
	var report moved
	if err := json.Unmarshal([]byte(done.out), &report); done.status == 0 && err != nil {
		g.t.Errorf("migrate printed %q: %v", done.out, err)
	}
	return report, done
}

func (g *gate) mustMove() moved {
	g.t.Helper()
	report, done := g.move()
	if done.status != 0 {
		g.t.Fatalf("migrate: exit status %d: %s", done.status, done.err)
	}
	return report
}

// trail are the IDs of the audit trail, newest first.
func (g *gate) trail() (ids []string) {
	g.t.Helper()
	var page struct{ Data []struct{ ID, Action string } }
	g.must(&page, "audit", "--limit", "100")
	for _, e := range page.Data {
		ids = append(ids, e.ID+" "+e.Action)
	}
	return ids
}

func movable(t *testing.T) *office {
	t.Helper()
	database := newDatabase(t)
	g := setupOffice(t, options{driver: "sqlite", app: "pepper {env.PEPPER}", env: []string{databaseVariable + "=" + database, "PEPPER=" + pepperOfMoved}})
	g.secret(databasePassword)
	g.secret(pepperOfMoved)
	return g
}

const pepperOfMoved = "a-pepper-of-thirty-two-bytes-8x2vQ"

// The whole move, as docs/postgres.md tells it: with traffic all along, nothing
// is lost, and nothing counted twice.
func TestAGateMovesFromAFileToADatabaseUnderLoad(t *testing.T) {
	t.Parallel()
	g := movable(t)
	k, other, gone := g.key(), g.key(), g.key()
	g.must(nil, "keys", "revoke", gone.ID)
	g.plant(2000, func(_ int, k *keys.Key) { k.Owner = "somebody" })
	eventuallyAnswers(t, g.gate, k.Secret, http.StatusOK, "")
	const workers = 4
	load := g.drive(t, k, 100, workers)

	first := g.changeWhileMoving()
	if !slices.ContainsFunc(first.Tables, func(of movedTable) bool { return of.Table == "keys" && of.Rows >= 2003 && len(of.Digest) == 64 }) {
		t.Errorf("moved %+v", first)
	}
	was := g.trail()
	g.wantMoving()

	g.options.driver, g.options.store = "postgres", "{env."+databaseVariable+"}"
	g.reload(g.caddyfile())
	eventually(t, startWithin, "the gate serves from the database", func() bool {
		_, _, err := g.create("after the move")
		return err == nil
	})
	load.halt()
	// A connection that is kept alive may end with its configuration, at the
	// moment when a request is sent: that is none that the gate read.
	if load.broken > workers {
		t.Errorf("%d requests had no answer", load.broken)
	}
	if denied := load.count(func(r reply) bool { return !allowed(r) }); denied > 0 {
		t.Errorf("%d requests of a good key were refused", denied)
	}
	if status := g.stop(); status != 0 { // what was counted last is flushed
		t.Errorf("exit status %d", status)
	}
	if rest := g.mustMove(); rest.Tables != nil || rest.Batches == 0 {
		t.Errorf("the rest was %+v", rest)
	}
	g.start()
	g.wantMoved(t, k, other, gone, int64(load.count(allowed))+1, was)
}

// changeWhileMoving makes keys until that is refused, while a migration runs.
func (o *office) changeWhileMoving() moved {
	o.t.Helper()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			if _, got, err := o.create("while it moves"); err != nil {
				if got.status != http.StatusServiceUnavailable || got.code() != "store_moving" || got.header.Get("Retry-After") == "" {
					o.t.Errorf("a change is answered with %v, %v", got, err)
				}
				return
			}
		}
	}()
	report := o.mustMove()
	<-ended
	return report
}

// wantMoving looks at what management takes and what not.
func (o *office) wantMoving() {
	o.t.Helper()
	if got, err := o.manage(http.MethodGet, "/v1/keys?limit=1", ""); err != nil || got.status != http.StatusOK {
		o.t.Errorf("keys can't be looked at: %v, %v", got, err)
	}
	if done := o.cli("keys", "create", "from a command"); done.status != 1 || !strings.Contains(done.err, "moved to another store") {
		o.t.Errorf("a command's change: %+v", done)
	}
}

// wantMoved looks at a gate that serves from the database: every key is what it
// was, and everything is counted.
func (o *office) wantMoved(t *testing.T, k, other, gone key, calls int64, trail []string) {
	t.Helper()
	eventuallyAnswers(t, o.gate, other.Secret, http.StatusOK, "")
	eventuallyAnswers(t, o.gate, gone.Secret, http.StatusUnauthorized, "revoked_key")
	if used := o.used(k.ID); used.TotalCalls != calls {
		o.t.Errorf("%d calls are counted of %d", used.TotalCalls, calls)
	}
	is := o.trail()
	if n := slices.Index(is, trail[0]); n < 0 || !slices.Equal(is[n:], trail[:min(len(is)-n, len(trail))]) {
		o.t.Errorf("the trail was %q, and is %q", trail, is)
	}
	o.must(nil, "keys", "revoke", other.ID, "--wait", "10s")
	if got := o.get("/", other.bearer()); got.status != http.StatusUnauthorized {
		o.t.Errorf("revoked after the move: %v", got)
	}
}

func TestAMigrationThatCantBeginSaysWhyAndChangesNothing(t *testing.T) {
	t.Parallel()
	g := movable(t)
	k := g.key()
	database := "postgres:{env." + databaseVariable + "}"
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"no such file":      {[]string{"--from", "sqlite:" + g.dir + "/none.db", "--to", database}, "no database at"},
		"no such driver":    {[]string{"--from", "mysql:x", "--to", database}, "sqlite:PATH or postgres:DSN"},
		"no address":        {[]string{"--from", "keys.db", "--to", database}, "sqlite:PATH or postgres:DSN"},
		"an unset variable": {[]string{"--from", "sqlite:" + g.db, "--to", "postgres:{env.KEYSTILE_UNSET}"}, "KEYSTILE_UNSET"},
		"nobody there":      {[]string{"--from", "sqlite:" + g.db, "--to", "postgres://ann:" + databasePassword + "@127.0.0.1:9/keys"}, "127.0.0.1"},
		"itself":            {[]string{"--from", "sqlite:" + g.db, "--to", "sqlite:" + g.db}, "already"},
	} {
		done := g.run(append([]string{"migrate"}, c.args...)...)
		if done.status != 1 || !strings.Contains(done.err, c.want) || strings.Count(done.err, "\n") != 1 || strings.Contains(done.err, databasePassword) {
			t.Errorf("%s: %+v", name, done)
		}
	}
	eventuallyAnswers(t, g.gate, k.Secret, http.StatusOK, "")
	g.key()
}

// A gate must not serve from what isn't all there.
func TestAGateDoesNotStartOnAStoreThatIsNotComplete(t *testing.T) {
	t.Parallel()
	g := movable(t)
	g.plant(20_000, nil)
	process, err := launch(g.gate, "migrate", "--from", "sqlite:"+g.db, "--to", "postgres:{env."+databaseVariable+"}")
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, startWithin, "the store is being left", func() bool {
		_, got, err := g.create("before it moves")
		return err != nil && got.code() == "store_moving"
	})
	process.end(syscall.SIGKILL, stopWithin)

	file := g.options
	g.options.driver, g.options.store = "postgres", "{env."+databaseVariable+"}"
	if err := g.tryReload(g.caddyfile()); err == nil || !strings.Contains(err.Error(), "keystile migrate") {
		t.Errorf("the gate takes half a store: %v", err)
	}
	g.options = file
	if done := g.run("migrate", "--from", "sqlite:"+g.db, "--abort"); done.status != 0 {
		t.Errorf("given up: %+v", done)
	}
	g.key()
}
