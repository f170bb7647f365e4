package e2e

import (
	"net/http"
	"testing"
	"time"
)

// A gate goes on while another version changes the tables, and one
// of its own version still joins.
func TestFLEET05AGateServesOnWhileALaterVersionChangesTheTables(t *testing.T) {
	t.Parallel()
	f := setupTrio(t, sharedPostgres(t), options{app: faultApp, before: quiet, behind: "respond ok"})
	last := f.members[2]
	last.stop()
	made := f.members[0].plant(3, nil)
	for _, m := range f.members[:2] {
		wantOK(t, m.get("/", made[0].bearer()))
	}
	f.sql(`BEGIN; ALTER TABLE keys ADD COLUMN later text NOT NULL DEFAULT 'x'; ALTER TABLE nodes ADD COLUMN later integer; CREATE TABLE later (n integer);
		INSERT INTO keystile_migrations (version_id, is_applied) VALUES (99999, true); COMMIT`)
	for _, m := range f.members[:2] {
		wantOK(t, m.get("/", made[0].bearer()))
		wantOK(t, m.get("/", made[1].bearer())) // which it has to look up
		got, _, err := m.office().create("a key of the version before")
		if err != nil {
			t.Fatal(err)
		}
		wantOK(t, m.get("/", got.bearer()))
	}
	last.start()
	f.awaitRegistered(3)
	f.revokeAll(last, made[2:])
	for _, m := range f.members {
		if got := m.get("/", made[2].bearer()); got.code() != "revoked_key" {
			t.Errorf("behind the receipt: %v", got)
		}
	}
}

// A gate with nothing in memory joins under load.
func TestFLEET07AGateThatJoinsUnderLoadAsksOnceForEachKey(t *testing.T) {
	t.Parallel()
	keys, perSecond, span := sized(500, 10_000), sized(400, 5000), sized(2*time.Second, 20*time.Second)
	f := setupTrio(t, sharedPostgres(t), options{before: quiet, behind: "respond ok"})
	made := f.members[0].plant(keys, nil)
	last := f.members[2]
	last.stop()
	c := newCrowd(last.gate)
	c.patient = true
	halt := c.keepCalling(seeded(t), made, 16, perSecond)
	last.start()
	var first, then pulse
	first = last.idle(made, span/2)
	most := f.connections(2)
	then = last.idle(made, span/2)
	halt()
	c.healthy(t)
	first.healthy(t)
	then.healthy(t)
	asked := int(last.counter(storeReads))
	t.Logf("%d calls; the database was asked %d times for %d keys, over %d connections; one client beside: at first %v, then %v", c.number.Load(), asked, keys, most, first, then)
	if asked > keys+keys/100+1 {
		t.Errorf("the database was asked %d times for %d keys", asked, keys)
	}
	if most > mostConnections {
		t.Errorf("%d connections, want %d at most", most, mostConnections)
	}
}

// RELOAD-01 with a database on a server.
func TestRELOAD01ReloadsLeaveNoConnectionAndNoGoroutineBehind(t *testing.T) {
	t.Parallel()
	reloads := sized(20, 200)
	f := setupTrio(t, sharedPostgres(t), options{app: usageApp, before: quiet, behind: "respond ok"})
	m := f.members[0]
	made := m.plant(usageKeys, nil)
	f.warm(made)
	redis := "\nlimiter redis " + throwawayRedis(t).URL()
	apps := []string{usageApp, usageApp + redis, usageApp + "\nmax_staleness 5s", usageApp + redis + "\ncache_size 1000", usageApp + "\npepper abcdefghijklmnopqrstuvwxyz"}
	// Another connection string is another pool, with another listener.
	plain, other := m.options.store, f.address(m, 0)+"&connect_timeout=4"
	stores := []string{plain, plain, other}
	m.reload(m.caddyfile())
	goroutines := m.goroutines()
	c := newCrowd(m.gate)
	halt := c.keepCalling(seeded(t), made, 4, 200)
	for i := range reloads {
		m.options.app = apps[i%len(apps)]
		m.options.store = stores[i%len(stores)]
		m.reload(m.caddyfile())
	}
	m.options.app, m.options.store = usageApp, plain
	m.reload(m.caddyfile())
	halt()
	c.healthy(t)
	t.Logf("%d reloads, %d calls; %d requests were sent again", reloads, c.number.Load(), c.again.Load())
	m.calm(goroutines)
	eventually(t, settleWithin, "connections are where they were", func() bool { return f.connections(0) <= mostConnections })
	t.Logf("goroutines %d before, %d after; %d connections", goroutines, m.goroutines(), f.connections(0))
	for _, k := range made {
		if got := m.get("/", k.bearer()); got.status != http.StatusOK {
			t.Errorf("a known key: %v", got)
		}
	}
	f.awaitRegistered(3)
}
