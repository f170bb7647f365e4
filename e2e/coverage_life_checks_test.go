package e2e

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

// acmesRevokedKey is a key that the gate refuses as revoked.
func acmesRevokedKey(t testing.TB, g *gate) key {
	t.Helper()
	k := acme(g, "read:projects")
	g.must(nil, "keys", "revoke", k.ID, "--workspace", "acme")
	g.soon(k, "/v1/projects", "revoked_key")
	return k
}

func revokedKeysStayRevoked(t testing.TB, g *gate) {
	k := acmesRevokedKey(t, g)
	if done := g.cli("keys", "reactivate", k.ID, "--workspace", "acme"); done.status != 1 {
		t.Errorf("a revoked key was reactivated: exit status %d %s", done.status, done.err)
	}
	wantAnswer(t, g, g.get("/v1/projects", k.bearer()), http.StatusUnauthorized, "revoked_key")
}

func revokedKeysComeBack(t testing.TB, g *gate) {
	k := acmesRevokedKey(t, g)
	if done := g.cli("keys", "reactivate", k.ID, "--workspace", "acme"); done.status != 0 {
		t.Fatalf("keys reactivate: exit status %d %s", done.status, done.err)
	}
	g.soon(k, "/v1/projects", "")
}

func rotationsOverlapForADay(t testing.TB, g *gate) {
	k := acme(g, "read:projects")
	if done := g.cli("keys", "rotate", k.ID, "--grace", "24h1s", "--workspace", "acme"); done.status != 1 || !strings.Contains(done.err, "grace") {
		t.Errorf("a grace of more than a day: exit status %d %s", done.status, done.err)
	}
	began := time.Now()
	var old, next key
	g.must(&next, "keys", "rotate", k.ID, "--workspace", "acme")
	g.secret(next.Secret)
	g.must(&old, "keys", "show", k.ID, "--workspace", "acme")
	if grace := old.ExpiresAt.Sub(began); grace < 24*time.Hour-time.Minute || grace > 24*time.Hour+time.Minute {
		t.Errorf("the old key ends in %v, want 24h", grace)
	}
}

// gonePepper is the ID of a pepper that the sample's configuration doesn't have.
const gonePepper = "0123456789abcdef"

func keysOfTheGonePepperKeepNobodyOut(t testing.TB, g *gate) {
	k := g.plant(1, func(_ int, k *keys.Key) { k.Workspace, k.Pepper = "acme", gonePepper })[0]
	defer g.takeAway(k)
	if done := g.cli("keys", "list"); done.status != 0 {
		t.Errorf("keys list: exit status %d: %s", done.status, done.err)
	}
}

// takeAway removes a key from the store.
func (g *gate) takeAway(k key) {
	g.update(func(ctx context.Context, tx storage.Tx) error { return tx.DeleteKey(ctx, keys.ID(k.ID)) })
}

func hoursAreKeptFor400Days(t testing.TB, g *gate) {
	k := acme(g, "read:projects")
	young, old := hoursAgo(399), hoursAgo(401)
	g.applied(
		storage.UsageCell{KeyID: keys.ID(k.ID), Hour: young, Endpoint: "default", Outcome: "2xx", Count: 1, Cost: 1, Last: young},
		storage.UsageCell{KeyID: keys.ID(k.ID), Hour: old, Endpoint: "default", Outcome: "2xx", Count: 1, Cost: 1, Last: old},
	)
	g.stop()
	g.start()
	total := func() (n int) {
		var usage struct {
			Data []struct{ Time time.Time }
		}
		g.must(&usage, "keys", "usage", k.ID, "--by", "time", "--workspace", "acme")
		return len(usage.Data)
	}
	if !becomes(5*time.Second, func() bool { return total() == 1 }) {
		t.Errorf("%d hours are kept, want one of two", total())
	}
	if calls := g.cli("keys", "show", k.ID, "--workspace", "acme").out; !strings.Contains(calls, `"total_calls": 2`) {
		t.Errorf("the key's total isn't 2: %s", calls)
	}
}

// applied counts what a gate would have counted.
func (g *gate) applied(cells ...storage.UsageCell) {
	g.t.Helper()
	store, err := openStore(g.db)
	if err != nil {
		g.t.Fatal(err)
	}
	err = store.ApplyUsage(context.Background(), storage.UsageBatch{Incarnation: uuid.NewString(), Sequence: 1, Cells: cells})
	if err = errors.Join(err, store.Close()); err != nil {
		g.t.Fatal(err)
	}
}

// hoursAgo is the start of an hour so many days ago.
func hoursAgo(days int) time.Time {
	return time.Now().UTC().Truncate(time.Hour).Add(-time.Duration(days) * 24 * time.Hour)
}
