package e2e

import (
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/servertest"
)

// backWithin is how soon a gate serves once its database is there.
const backWithin = 5 * time.Second

func TestAGateThatStartsWithoutItsDatabaseRefusesUntilItIsThere(t *testing.T) {
	t.Parallel()
	server := ownPostgres(t)
	f := newTrio(t, server)
	first := f.add(options{}, "postgres")
	first.start()
	k := first.plant(1, nil)[0]
	first.stop()
	m := f.add(options{}, "postgres")
	for _, trouble := range []struct {
		name       string
		begin, end func()
	}{
		{"STORE-01 nobody listens", func() { must(t, server.Stop()) }, func() { must(t, server.Start()) }},
		{"STORE-01 connections end at once", m.line.Cut, m.line.Heal},
		{"STORE-01 accepting and silent", func() { m.line.BlackHole(servertest.ToServer) }, func() { m.line.Cut(); m.line.Heal() }},
		{"STORE-01 accepting, and answers are lost", func() { m.line.BlackHole(servertest.ToClient) }, func() { m.line.Cut(); m.line.Heal() }},
	} {
		t.Run(trouble.name, func(t *testing.T) {
			trouble.begin()
			began := time.Now()
			m.startWithout(t)
			t.Logf("listens %v after its start", time.Since(began).Round(time.Millisecond))
			for name, secret := range map[string]string{"known": k.Secret, "nobody's": drawSecret("live")} {
				wantUnavailable(t, name, m.get("/", bearer(secret)))
			}
			trouble.end()
			there := time.Now()
			eventually(t, backWithin, "the gate serves", func() bool {
				got := m.get("/", k.bearer())
				if got.status != http.StatusOK {
					wantUnavailable(t, "not yet", got)
				}
				return got.status == http.StatusOK
			})
			t.Logf("serves %v after the database was there", time.Since(there).Round(time.Millisecond))
			m.stop()
		})
	}
}

// startWithout starts a gate that can't reach its database.
func (m *member) startWithout(t testing.TB) {
	t.Helper()
	var err error
	if m.process, err = launch(m.gate, "run", "--config", m.config, "--adapter", "caddyfile"); err != nil {
		t.Fatal(err)
	}
	if !becomes(startWithin, func() bool { return m.process.ended() || accepts(m.addr) }) || m.process.ended() {
		t.Fatalf("the process doesn't start:\n%s", m.log())
	}
}

// wantUnavailable fails the test unless an answer says that the store is away.
func wantUnavailable(t testing.TB, what string, got response) {
	t.Helper()
	after, err := strconv.Atoi(got.header.Get("Retry-After"))
	if got.status != http.StatusServiceUnavailable || got.code() != "store_unavailable" || err != nil || after < 1 {
		t.Errorf("%s: answered %v, Retry-After %q", what, got, got.header.Get("Retry-After"))
	}
}

// However many start at once on an empty database, one makes the
// tables; and a gate whose database has none yet says that it can't tell.
func TestFLEET05GatesThatStartAtOnceOnAnEmptyDatabaseMakeItsTablesOnce(t *testing.T) {
	t.Parallel()
	f := newTrio(t, sharedPostgres(t))
	for range 3 {
		f.add(options{}, "postgres").startWithout(t)
	}
	f.awaitTables()
	for _, m := range f.members {
		eventually(t, startWithin, "a gate knows its keys", func() bool {
			got := m.get("/", bearer(drawSecret("live")))
			if got.code() != "unknown_key" {
				wantUnavailable(t, "not ready", got)
			}
			return got.code() == "unknown_key"
		})
	}
	f.awaitRegistered(3)
	if twice := f.sql(`SELECT version_id FROM keystile_migrations WHERE version_id > 0 GROUP BY version_id HAVING count(*) > 1`); twice != "" {
		t.Errorf("migrations were run twice: %s", twice)
	}
	k := f.members[0].plant(1, nil)
	f.warm(k)
}

// awaitTables waits until somebody made them.
func (f *trio) awaitTables() {
	f.t.Helper()
	eventually(f.t, startWithin, "the tables are made", func() bool { return f.sql(`SELECT to_regclass('head') IS NOT NULL`) == "t" })
}
