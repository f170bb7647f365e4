package e2e

import (
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestReloadsThatFailCostNothingAndLeaveNothing(t *testing.T) {
	t.Parallel()
	t.Run("RELOAD-02 50 failing reloads of every kind", reloadInVain)
}

func reloadInVain(t *testing.T) {
	const failing, clients, perSecond = 50, 4, 200
	const apart = 20 * time.Millisecond
	r := setupReloads(t)
	bad := r.badConfigs()
	before := r.baseline()
	halt := r.crowd.keepCalling(seeded(t), r.made, clients, perSecond)
	next := time.NewTicker(apart)
	defer next.Stop()
	for i := range failing {
		<-next.C
		r.fail(bad[i%len(bad)])
	}
	halt()
	r.crowd.healthy(t)
	r.saw.agrees(t, r.crowd)
	// Of configurations that failed, Caddy holds on to the last one until the
	// next that doesn't.
	r.reload(r.caddyfile())
	var after holdings
	if !becomes(settleWithin, func() bool { after = r.holdings(); return after.within(before) }) {
		t.Errorf("the process held %+v before, and holds %+v %v after", before, after, settleWithin)
	}
	t.Logf("%d calls; the process held %+v before, and holds %+v after", r.crowd.number.Load(), before, after)
	r.gate.stop()
	wantSums(t, r.crowd, r.made, r.stores...)
}

// Two tables that differ in each of their routes.
const (
	oldTable = "route GET /a read\nroute GET /b read\nroute GET /slow read\n"
	newTable = "route GET /a read write\nroute GET /c read\n"
)

func TestRequestsMeetTheOldTableOrTheNewOneAndNothingBetween(t *testing.T) {
	t.Parallel()
	t.Run("RELOAD-03 scopes added and a route removed while requests run", changeTables)
}

func changeTables(t *testing.T) {
	const reloads, clients = 20, 4
	release := make(chan struct{})
	g := setup(t, options{
		policy: oldTable, before: quiet,
		upstream: newUpstream(t, answerBy(map[string]answer{"/slow": answerHang(release)})).forget(),
	})
	k := g.key("--scopes", "read")
	slow := make(chan response, 1)
	arrived := g.upstream.total()
	go func() {
		got, err := g.try(http.MethodGet, "/slow", k.bearer())
		if err != nil {
			t.Error(err)
		}
		slow <- got
	}()
	eventually(t, 10*time.Second, "the slow request is under way", func() bool { return g.upstream.total() > arrived })

	var done atomic.Bool
	var asking sync.WaitGroup
	for i := range clients {
		asking.Go(func() { askEitherTable(t, g, k, i%2 == 0, &done) })
	}
	for i := range reloads {
		table := []string{newTable, oldTable}[i%2]
		g.options.policy = table
		g.reload(g.caddyfile())
		wantTable(t, g, k, table)
	}
	done.Store(true)
	asking.Wait()
	g.options.policy = newTable
	g.reload(g.caddyfile())
	close(release)
	if got := <-slow; got.status != http.StatusOK {
		t.Errorf("the request that was let through under the old table ended as %v", got)
	}
	if got := g.get("/slow", k.bearer()); got.code() != "route_not_allowed" {
		t.Errorf("under the new table, it is answered %v", got)
	}
}

// wantTable checks that new requests meet one table only.
func wantTable(t *testing.T, g *gate, k key, table string) {
	t.Helper()
	want := map[string]string{"/a": "", "/b": "", "/c": "route_not_allowed"}
	if table == newTable {
		want = map[string]string{"/a": "insufficient_scope", "/b": "route_not_allowed", "/c": ""}
	}
	for target, code := range want {
		if got := g.get(target, k.bearer()); got.code() != code || code == "" && got.body != "ok\n" {
			t.Errorf("%s is answered %v after the reload, want %q", target, got, code)
		}
	}
}

// askEitherTable asks for what both tables answer, each in its way: an upstream's
// answer, or a refusal, and never an empty one.
func askEitherTable(t *testing.T, g *gate, k key, fresh bool, done *atomic.Bool) {
	c := caller{crowd: newCrowd(g)}
	c.crowd.fresh = fresh
	defer c.hangUp()
	for i := 0; !done.Load(); i++ {
		target := []string{"/a", "/b", "/c", "/d"}[i%4]
		got, err := c.exchange(g.request(http.MethodGet, target, k.bearer()))
		refused := got.code() == "route_not_allowed" || target == "/a" && got.code() == "insufficient_scope"
		if passed := got.status == http.StatusOK && got.body == "ok\n"; err != nil || !passed && !refused || passed && target == "/d" {
			t.Errorf("%s is answered %v, %v during reloads", target, got, err)
			return
		}
	}
}
