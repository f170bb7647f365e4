package e2e

import (
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/keystile/keystile/internal/servertest"
)

// trio is gates on one PostgreSQL database, three of them mostly, each with a
// line of its own to the server.
type trio struct {
	t       testing.TB
	server  *servertest.Postgres
	name    string // of the database
	members []*member
}

// member is a gate with the management API beside it.
type member struct {
	*managed
	line *servertest.Proxy
	user string // of the database
}

// sharedPostgres is the server of all tests that do it no harm.
func sharedPostgres(t testing.TB) *servertest.Postgres {
	t.Helper()
	server, err := postgresServer.Get()
	if err != nil {
		t.Fatal(err)
	}
	return server
}

// ownPostgres is a server that a test may harm.
func ownPostgres(t testing.TB, settings ...string) *servertest.Postgres {
	t.Helper()
	server, err := servertest.NewPostgres(settings...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	return server
}

// newTrio names a new and empty database.
func newTrio(t testing.TB, server *servertest.Postgres) *trio {
	t.Helper()
	f := &trio{t: t, server: server, name: fmt.Sprintf("fleet_%d", databases.Add(1))}
	if err := server.Create(f.name); err != nil {
		t.Fatal(err)
	}
	return f
}

// setupTrio starts three gates on a new database, and waits until each knows
// its place.
func setupTrio(t testing.TB, server *servertest.Postgres, o options) *trio {
	t.Helper()
	f := newTrio(t, server)
	const size = 3
	for range size {
		f.add(o, "postgres").start()
	}
	f.members[0].token = f.members[0].newToken("operator", "--all-workspaces")
	for _, m := range f.members[1:] {
		m.token = f.members[0].token
	}
	f.awaitRegistered(size)
	return f
}

// add prepares one more gate, which comes to the database as a user of its.
func (f *trio) add(o options, user string) *member {
	f.t.Helper()
	m := &member{managed: &managed{}, line: newLine(f.t, f.server.Address()), user: user}
	api := freeAddr(f.t)
	_, port, _ := net.SplitHostPort(api)
	o.sites += "\nhttp://:" + port + " {\n\tbind 127.0.0.1\n\tkeystile_admin\n}\n"
	o.driver, o.store = "postgres", "{env."+databaseVariable+"}"
	o.env = append(o.env, databaseVariable+"="+f.address(m, len(f.members)))
	o.limitedWith(f.t, f.name)
	m.address, m.gate = "http://"+api, prepare(f.t, o)
	m.db = f.server.DSN(f.name)
	m.secret(databasePassword)
	f.members = append(f.members, m)
	return m
}

// address is that of the database behind a gate's line. The server knows the
// gate's connections by their name.
func (f *trio) address(m *member, n int) string {
	return fmt.Sprintf("postgres://%s:%s@%s/%s?sslmode=disable&application_name=gate%d", m.user, databasePassword, m.line.Address(), f.name, n)
}

// start is the gate's, and waits for the API, too.
func (m *member) start() {
	m.t.Helper()
	m.gate.start()
	eventually(m.t, startWithin, "the management API takes connections", func() bool { return accepts(strings.TrimPrefix(m.address, "http://")) })
}

func newLine(t testing.TB, server string) *servertest.Proxy {
	t.Helper()
	line, err := servertest.NewProxy(server)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = line.Close() }) // the gates have ended
	return line
}

// gates are those of all members.
func (f *trio) gates() (all []*gate) {
	for _, m := range f.members {
		all = append(all, m.gate)
	}
	return all
}

// sql asks the server beside everything that is tested. It may be called from
// any goroutine.
func (f *trio) sql(statements string) string {
	f.t.Helper()
	said, err := f.server.SQL(f.name, statements)
	if err != nil {
		f.t.Errorf("%s: %v\n%s", statements, err, said)
	}
	return said
}

// awaitRegistered waits until the store knows so many gates, and each has
// applied all changes.
func (f *trio) awaitRegistered(n int) {
	f.t.Helper()
	eventually(f.t, startWithin, fmt.Sprintf("%d gates are registered and up to date", n), func() bool {
		return f.sql(`SELECT count(*), bool_and(applied = revision AND NOT doubted) FROM nodes, head`) == fmt.Sprintf("%d|t", n)
	})
}

// warm has keys in the memory of every gate.
func (f *trio) warm(made []key) {
	f.t.Helper()
	for _, m := range f.members {
		for _, k := range made {
			eventually(f.t, startWithin, "a gate knows a key", func() bool { return m.get("/", k.bearer()).status == http.StatusOK })
		}
	}
}

// loaded has clients call every gate with keys, until the function that it
// returns is called, which fails the test where a call wasn't allowed.
func (f *trio) loaded(made []key, clients, perSecond int) (halt func()) {
	var halts []func()
	var crowds []*crowd
	for _, g := range f.gates() {
		c := newCrowd(g)
		crowds = append(crowds, c)
		halts = append(halts, c.keepCalling(seeded(f.t), made, clients, perSecond))
	}
	var once sync.Once
	return func() {
		once.Do(func() {
			for i, halt := range halts {
				halt()
				crowds[i].healthy(f.t)
			}
		})
	}
}

// office is the gate's management API, as tests of changes have it.
func (m *member) office() *office {
	return &office{gate: m.gate, at: strings.TrimPrefix(m.address, "http://"), token: m.token}
}

// connections is how many a gate has to the database.
func (f *trio) connections(n int) (open int) {
	f.t.Helper()
	said := f.sql(fmt.Sprintf(`SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'gate%d'`, n))
	if _, err := fmt.Sscan(said, &open); err != nil {
		f.t.Errorf("%q: %v", said, err)
	}
	return open
}

// mostConnections is what a gate has at most: four in the pool, two for
// heartbeats, and one to listen by.
const mostConnections = 7
