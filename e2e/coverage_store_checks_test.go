package e2e

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

func ownOptionsAreInForce(t testing.TB, g *gate) { keysPass(t, g) }

func keysStandInTheFile(t testing.TB, g *gate) { keysPass(t, g) }

// keysStandInTheDatabase finds the database where the gate finds it.
func keysStandInTheDatabase(t testing.TB, g *gate) {
	k := g.key()
	g.soon(k, "/v1/projects", "insufficient_scope")
	var address string
	for _, variable := range g.options.env {
		if value, ok := strings.CutPrefix(variable, databaseVariable+"="); ok {
			address = value
		}
	}
	store, err := openStore(address)
	if err != nil {
		t.Fatal(err)
	}
	err = store.View(t.Context(), func(r storage.Reader) error {
		_, err := r.Key(t.Context(), keys.ID(k.ID))
		return err
	})
	if err := errors.Join(err, store.Close()); err != nil {
		t.Errorf("the key is not in the database: %v", err)
	}
}

func callsAreStoredSoon(t testing.TB, g *gate) {
	k := acme(g, "read:projects")
	wantAllowed(t, g, g.get("/v1/projects", k.bearer()))
	if within := 3 * time.Second; !becomes(within, func() bool { return classes(t, g.db, k)["2xx"] == 1 }) {
		t.Errorf("the call is not stored within %v", within)
	}
}

// storeAway takes the store away from a gate that knows a key, and gives it
// back at the end. Meanwhile the clock stands still but for what the test asks:
// later is since the store was last heard of.
func storeAway(t testing.TB, g *gate, then func(k key, later func(time.Duration))) {
	t.Helper()
	k := acme(g, "read:projects")
	wantAllowed(t, g, g.get("/v1/projects", k.bearer()))
	began := time.Now()
	g.stopClock(began)
	awaitPoll(g)
	says := func(what string) func() {
		before := strings.Count(g.log(), what)
		return func() {
			t.Helper()
			eventually(t, 5*time.Second, "the log says that "+what, func() bool { return strings.Count(g.log(), what) > before })
		}
	}
	away, back := says("the store doesn't answer"), says("the store answers again")
	g.sql("ALTER TABLE head RENAME TO head_away")
	defer func() {
		g.runClock(0) // before anything is confirmed at a time to come
		g.sql("ALTER TABLE head_away RENAME TO head")
		back()
	}()
	away()
	then(k, func(d time.Duration) { g.stopClock(began.Add(d)) })
}

// awaitPoll waits until the gate has asked its store for changes: what a
// reload has made longer begins with that.
func awaitPoll(g *gate) {
	g.t.Helper()
	other := acme(g, "read:projects")
	g.soon(other, "/v1/projects", "")
	g.edit(other.ID, func(k *keys.Key) { k.Status = keys.Inactive })
	g.soon(other, "/v1/projects", "inactive_key")
	g.upstream.seen()
}

func memoryIsBelievedForTenSeconds(t testing.TB, g *gate) {
	storeAway(t, g, func(k key, later func(time.Duration)) {
		later(10*time.Second - time.Millisecond)
		wantAllowed(t, g, g.get("/v1/projects", k.bearer()))
		later(10*time.Second + time.Millisecond)
		wantAnswer(t, g, g.get("/v1/projects", k.bearer()), http.StatusServiceUnavailable, "store_unavailable")
	})
}

func nobodyPassesOnOldKnowledge(t testing.TB, g *gate) {
	storeAway(t, g, func(k key, later func(time.Duration)) {
		later(time.Minute)
		wantAnswer(t, g, g.get("/v1/projects", k.bearer()), http.StatusServiceUnavailable, "store_unavailable")
	})
}

func knownKeysPassForFiveMinutes(t testing.TB, g *gate) {
	unmet := acme(g, "read:projects")
	storeAway(t, g, func(k key, later func(time.Duration)) {
		later(4 * time.Minute)
		got := g.get("/v1/projects", k.bearer())
		wantAllowed(t, g, got)
		if age := got.header.Get("Keystile-Stale"); age != "240" {
			t.Errorf("Keystile-Stale %q, want 240", age)
		}
		wantAnswer(t, g, g.get("/v1/projects", unmet.bearer()), http.StatusServiceUnavailable, "store_unavailable")
		later(5*time.Minute + time.Millisecond)
		wantAnswer(t, g, g.get("/v1/projects", k.bearer()), http.StatusServiceUnavailable, "store_unavailable")
	})
}
