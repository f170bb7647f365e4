package e2e

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/servertest"
)

// outage is something that befalls one gate of a fleet, and how it ends.
type outage struct {
	name       string
	begin, end func(*trio, *member)
	// trust is for how long the gate believes what it knew.
	trust time.Duration
	// told: the gate can say all the same that it enforces a revocation.
	told bool
}

const (
	// faultStaleness is the shortest max_staleness there can be.
	faultStaleness = time.Second
	faultApp       = "max_staleness 1s\nusage {\n flush_interval 200ms\n}"
)

var outages = []outage{
	{name: "process stopped", trust: faultStaleness,
		begin: func(f *trio, m *member) { m.freeze(f.t) },
		end:   func(_ *trio, m *member) { m.thaw() }},
	{name: "connections cut", trust: faultStaleness,
		begin: func(_ *trio, m *member) { m.line.Cut() }, end: heal},
	{name: "nothing reaches the database", trust: faultStaleness,
		begin: func(_ *trio, m *member) { m.line.BlackHole(servertest.ToServer) }, end: heal},
	{name: "nothing comes back from the database", trust: faultStaleness,
		begin: func(_ *trio, m *member) { m.line.BlackHole(servertest.ToClient) }, end: heal},
	{name: "reads pass and heartbeats don't", trust: faultStaleness,
		begin: func(f *trio, m *member) { f.sql("REVOKE UPDATE ON nodes FROM " + m.user) },
		end:   func(f *trio, m *member) { f.sql("GRANT UPDATE ON nodes TO " + m.user) }},
	{name: "heartbeats pass and reads of the log don't", trust: faultStaleness,
		begin: func(f *trio, m *member) {
			f.sql("REVOKE SELECT ON change_log FROM " + m.user + "; GRANT SELECT (revision, ordinal, id) ON change_log TO " + m.user)
		},
		end: func(f *trio, m *member) { f.sql("GRANT SELECT ON change_log TO " + m.user) }},
	{name: "heartbeats pass and look-ups don't", trust: faultStaleness, told: true,
		begin: func(f *trio, m *member) { f.sql("REVOKE SELECT ON keys FROM " + m.user) },
		end:   func(f *trio, m *member) { f.sql("GRANT SELECT ON keys TO " + m.user) }},
}

func heal(_ *trio, m *member) { m.line.Heal() }

// setupOutages is a trio whose last gate comes to the database as a user of its
// own, from whom rights can be taken.
func setupOutages(t testing.TB, o options) (f *trio, victim *member) {
	t.Helper()
	f = setupTrio(t, sharedPostgres(t), o)
	role := "role_" + f.name
	f.sql(fmt.Sprintf("CREATE ROLE %s LOGIN; GRANT ALL ON ALL TABLES IN SCHEMA public TO %[1]s; GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO %[1]s", role))
	f.members[2].stop()
	f.members = f.members[:2]
	victim = f.add(o, role)
	victim.token = f.members[0].token
	victim.start()
	f.awaitRegistered(3)
	return f, victim
}

// queued are requests that wait in a gate's sockets, one for each key.
type queued struct {
	clients []*client
	asks    []string
}

// queue connects to a gate for each key, while it can.
func (g *gate) queue(made []key) queued {
	g.t.Helper()
	var q queued
	for _, k := range made {
		q.clients = append(q.clients, g.connect())
		q.asks = append(q.asks, g.request(http.MethodGet, "/", k.bearer()))
	}
	return q
}

func (q queued) send(t testing.TB) {
	t.Helper()
	for i, c := range q.clients {
		if err := c.write(q.asks[i]); err != nil {
			t.Fatal(err)
		}
	}
}

// wantNone fails the test where a request was let in. It returns how many were
// refused as revoked, and how many for want of an answer of the store.
func (q queued) wantNone(t testing.TB, what string) (revoked, unavailable int) {
	t.Helper()
	for _, c := range q.clients {
		got, err := c.answer()
		switch {
		case err != nil:
			t.Errorf("%s: %v", what, err)
		case got.code() == "revoked_key":
			revoked++
		case got.code() == "store_unavailable":
			unavailable++
		default:
			t.Errorf("%s: answered %v", what, got)
		}
		_ = c.Close() // nobody needs it any more
	}
	return revoked, unavailable
}

// allowedOf ends what was sent before, and counts what was let in.
func (q queued) allowedOf() (n int) {
	for _, c := range q.clients {
		if got, err := c.answer(); err == nil && got.status == http.StatusOK {
			n++
		}
		_ = c.Close() // nobody needs it any more
	}
	return n
}

// revokeAll revokes keys at once at one gate, and waits for all receipts, which
// must be confirmed.
func (f *trio) revokeAll(at *member, made []key) (times []time.Duration) {
	f.t.Helper()
	times = make([]time.Duration, len(made))
	var waits sync.WaitGroup
	for i, k := range made {
		waits.Go(func() {
			began := time.Now()
			got, err := at.revoke(k.ID, "15s")
			times[i] = time.Since(began)
			if err != nil || !got.Receipt.Confirmed || got.Receipt.Nodes != len(f.members) {
				f.t.Errorf("revoked with %+v, %v", got, err)
			}
		})
	}
	waits.Wait()
	return times
}

// settled waits until all gates are well again: registered, up to date, and
// answering from memory.
func (f *trio) settled(good key) {
	f.t.Helper()
	f.awaitRegistered(len(f.members))
	for _, m := range f.members {
		eventually(f.t, startWithin, "a gate is well again", func() bool { return m.get("/", good.bearer()).status == http.StatusOK })
	}
}
