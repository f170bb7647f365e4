package e2e

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

// reloads is a gate that is reloaded over and over under load, between stores
// that hold the same keys.
type reloads struct {
	*gate
	made []key
	// stores are two to change between, and then one for each configuration
	// that fails for another reason: Caddy may let it serve for a moment before
	// it does.
	stores []string
	crowd  *crowd
	saw    *register
}

const (
	reloadKeys    = 20
	goodReloads   = 200
	failingEach   = 10 // good ones come before a failing one
	failingStores = goodReloads / failingEach / 4
)

func setupReloads(t testing.TB) *reloads {
	t.Helper()
	saw := newRegister()
	g := setup(t, options{
		upstream: newUpstream(t, saw.answer).forget(), before: quiet, app: "usage {\n flush_interval 200ms\n}",
		// Caddy keeps idle connections to the upstream for two minutes, those of
		// configurations that are gone too, and with them what these hold.
		behind: "reverse_proxy $UPSTREAM {\n transport http {\n keepalive 1s\n }\n}",
	})
	r := &reloads{gate: g, crowd: newCrowd(g), saw: saw, made: g.plant(reloadKeys, nil), stores: []string{g.db}}
	for i := range 1 + failingStores {
		r.stores = append(r.stores, g.another())
		g.useStore(r.stores[i+1])
		copyKeys(t, g, r.made, r.stores[0])
	}
	return r
}

// useStore reloads the gate with its keys in another database.
func (g *gate) useStore(database string) {
	g.t.Helper()
	g.options.store, g.db = database, database
	g.reload(g.caddyfile())
}

// copyKeys puts keys of another database into the gate's.
func copyKeys(t testing.TB, g *gate, made []key, from string) {
	t.Helper()
	var records []*keys.Key
	view(t, from, func(ctx context.Context, r storage.Reader) error {
		for _, k := range made {
			record, err := r.Key(ctx, keys.ID(k.ID))
			if err != nil {
				return err
			}
			records = append(records, record)
		}
		return nil
	})
	g.update(func(ctx context.Context, tx storage.Tx) error {
		for _, record := range records {
			if err := tx.InsertKey(ctx, record); err != nil {
				return err
			}
		}
		return nil
	})
}

func TestReloadsUnderLoadFailNoRequestAndLoseNoCount(t *testing.T) {
	t.Run("RELOAD-01 200 good reloads and 20 failing ones", reloadUnderLoad)
}

func reloadUnderLoad(t *testing.T) {
	const clients, perSecond = 8, 400
	const apart = 40 * time.Millisecond
	r := setupReloads(t)
	bad := r.badConfigs()
	before := r.baseline()
	halt := r.crowd.keepCalling(seeded(t), r.made, clients, perSecond)
	began, next := time.Now(), time.NewTicker(apart)
	defer next.Stop()
	for i := range goodReloads {
		<-next.C
		r.useStore(r.stores[i/2%2]) // every second time another one
		if i%failingEach == failingEach-1 {
			r.fail(bad[i/failingEach])
		}
	}
	took := time.Since(began)
	halt()
	t.Logf("%d reloads in %v, %d calls; %d requests were sent again", goodReloads, took.Round(time.Millisecond), r.crowd.number.Load(), r.crowd.again.Load())
	r.crowd.healthy(t)
	r.saw.agrees(t, r.crowd)
	if reloaded := int64(goodReloads + goodReloads/failingEach); r.crowd.allowed() < 2*reloaded {
		t.Errorf("%d calls allowed over %d reloads in %v: that was no load", r.crowd.allowed(), reloaded, took)
	}
	// Of configurations that failed, Caddy holds on to the last one until the
	// next that doesn't.
	r.useStore(r.stores[0])
	var after holdings
	back := func() bool { after = r.holdings(); return after.within(before) }
	if !becomes(settleWithin, back) {
		t.Errorf("the process held %+v before, and holds %+v %v after", before, after, settleWithin)
	}
	t.Logf("the process held %+v before, and holds %+v after", before, after)
	if status := r.gate.stop(); status != 0 {
		t.Errorf("exit status %d", status)
	}
	wantSums(t, r.crowd, r.made, r.stores...)
}

// Caddy may listen for a configuration before it finds out that its store
// can't be: new connections would go there.
func TestReloadWithAnImpossibleStoreCostsNoRequest(t *testing.T) {
	t.Run("RELOAD-02 100 reloads with an impossible store", reloadImpossibleStore)
}

func reloadImpossibleStore(t *testing.T) {
	const failing, clients, perSecond = 100, 8, 100_000 // as many as there can be
	const apart = 20 * time.Millisecond
	r := setupReloads(t)
	r.crowd.fresh = true
	impossible := r.badConfigs()[1]
	halt := r.crowd.keepCalling(seeded(t), r.made, clients, perSecond)
	next := time.NewTicker(apart)
	defer next.Stop()
	for range failing {
		<-next.C
		r.fail(impossible)
	}
	halt()
	r.crowd.healthy(t)
	r.saw.agrees(t, r.crowd)
	t.Logf("%d calls on as many connections; %d requests were sent again", r.crowd.number.Load(), r.crowd.again.Load())
}

// settleWithin is how long a process may take to let go of what configurations
// held that are gone: an engine waits for late requests.
const settleWithin = 30 * time.Second

// holdings is what a process holds.
type holdings struct {
	goroutines, files int
	heap              int64 // bytes, after a collection
}

// within allows for what a runtime may keep at any time.
func (h holdings) within(before holdings) bool {
	const spare, spareFiles, spareHeap = 3, 12, 4 << 20 // a connection of SQLite's pool has three files
	return h.goroutines <= before.goroutines+spare && h.files <= before.files+spareFiles &&
		h.heap <= before.heap+before.heap/20+spareHeap
}

func (g *gate) holdings() holdings {
	g.t.Helper()
	return holdings{g.goroutines(), g.openFiles(), g.heap()}
}

// baseline is what a new process holds that has been reloaded, with the first
// store.
func (r *reloads) baseline() holdings {
	r.t.Helper()
	r.useStore(r.stores[0])
	r.gate.stop()
	r.gate.start()
	r.reload(r.caddyfile())
	var held holdings
	eventually(r.t, settleWithin, "a new process is idle", func() bool {
		was := held
		held = r.holdings()
		return held.within(was)
	})
	return held
}

// badConfig is a Caddyfile that can't be taken over, and what the answer to it
// names.
type badConfig struct{ caddyfile, says string }

// badConfigs are as many as there are reloads that fail.
func (r *reloads) badConfigs() []badConfig {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { _ = taken.Close() })
	_, port, _ := net.SplitHostPort(taken.Addr().String())
	second := fmt.Sprintf("http://:%s {\n\tbind 127.0.0.1\n\tkeystile\n}\n", port)
	with := func(says string, change func(*options)) badConfig {
		kept := r.options
		defer func() { r.options = kept }()
		change(&r.options)
		return badConfig{r.caddyfile(), says}
	}
	var all []badConfig
	for _, store := range r.stores[2:] {
		all = append(all,
			with("Caddyfile:", func(o *options) { o.policy = "route GET /x {" }),
			with("/proc/nowhere", func(o *options) { o.driver, o.store = "sqlite", "/proc/nowhere/keys.db" }),
			with("address already in use", func(o *options) { o.sites = second }),
			with("address already in use", func(o *options) { o.sites, o.store = second, store }))
	}
	return all
}

func (r *reloads) fail(bad badConfig) {
	r.t.Helper()
	err := r.tryReload(bad.caddyfile)
	if err == nil || !strings.Contains(err.Error(), bad.says) {
		r.t.Fatalf("answered %v, want something about %q, to:\n%s", err, bad.says, bad.caddyfile)
	}
}
