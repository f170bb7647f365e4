package e2e

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

// bucket is what a rate limit grants.
type bucket struct {
	burst, perSecond, cost int
	window                 string // with which RateLimit-Policy ends
}

// wantBucket empties a key's bucket: nothing more passes than it holds, and
// what flows back meanwhile.
func wantBucket(t testing.TB, g *gate, k key, target string, want bucket) {
	t.Helper()
	clients := []*client{g.connect(), g.connect(), g.connect(), g.connect()}
	ask := g.request(http.MethodGet, target, k.bearer())
	defer g.upstream.seen()
	began, passed, refused := time.Now(), 0, false
	for !refused && passed*want.cost < 4*want.burst {
		for _, c := range clients {
			must(t, c.write(ask))
		}
		for _, c := range clients {
			got, err := c.answer()
			must(t, err)
			if size := got.header.Get("X-RateLimit-Limit"); size != strconv.Itoa(want.burst) {
				t.Fatalf("X-RateLimit-Limit %s, want %d; answered %v", size, want.burst, got)
			}
			if policy := got.header.Get("RateLimit-Policy"); !strings.HasSuffix(policy, want.window) {
				t.Fatalf("RateLimit-Policy %s, want %s", policy, want.window)
			}
			switch {
			case got.status == http.StatusOK:
				passed++
			case got.code() == "rate_limited":
				refused = true
			default:
				t.Fatalf("after %d calls, answered %v", passed, got)
			}
		}
	}
	// Where clients are slow, the bucket may fill as fast as they empty it.
	most := want.burst + want.perSecond*int(time.Since(began)/time.Second+1)
	if spent := passed * want.cost; spent > most || refused && spent <= want.burst-want.cost {
		t.Errorf("%d calls passed, of which the bucket holds %d, and %d by now", passed, want.burst/want.cost, most/want.cost)
	}
}

// workspace makes one with a plan, or with none, which nobody else uses.
func workspace(g *gate, flags ...string) string {
	name := "w-" + uuid.NewString()
	g.must(nil, append([]string{"workspaces", "create", name}, flags...)...)
	return name
}

func keyOf(g *gate, workspace string, scopes ...string) key {
	return g.plant(1, func(_ int, k *keys.Key) { k.Workspace, k.Scopes = workspace, scopes })[0]
}

var planned = bucket{burst: 60, perSecond: 1, cost: 1, window: `"plan free live";q=60;w=60`}

func aWorkspaceHasThePlan(t testing.TB, g *gate) {
	wantBucket(t, g, keyOf(g, workspace(g, "--plan", "free"), "read:projects"), "/v1/projects", planned)
}

func aNewWorkspaceHasThePlan(t testing.TB, g *gate) {
	wantBucket(t, g, keyOf(g, workspace(g), "read:projects"), "/v1/projects", planned)
}

func sixtyInAMinutePass(t testing.TB, g *gate) { aNewWorkspaceHasThePlan(t, g) }

func liveKeysHaveABucket(t testing.TB, g *gate) {
	wantBucket(t, g, keyOf(g, workspace(g), "read:projects"), "/v1/projects", bucket{burst: 200, perSecond: 100, cost: 1, window: `"live";q=200;w=2`})
}

func testKeysHaveABucket(t testing.TB, g *gate) {
	// By calls that cost five, it is sooner empty than it fills.
	wantBucket(t, g, acmeTest(g, "read:projects"), "/v1/projects/atlas/files", bucket{burst: 2000, perSecond: 1000, cost: 5, window: `"test";q=2000;w=2`})
}

func theRouteHasABucket(t testing.TB, g *gate) {
	wantBucket(t, g, acme(g, "read:projects"), "/v1/projects/atlas/files", bucket{burst: 10, perSecond: 10, cost: 5, window: `/v1/projects/{project}/* live";q=10;w=1`})
}

func aCallCostsFive(t testing.TB, g *gate) {
	got := g.get("/v1/projects/atlas/files", acmeTest(g, "read:projects").bearer())
	if left := got.header.Get("X-RateLimit-Remaining"); left != "1995" {
		t.Errorf("X-RateLimit-Remaining %s, want 1995 of 2000", left)
	}
}

func theLimiterCounts(t testing.TB, g *gate) {
	wantBucket(t, g, acme(g), "/panic", bucket{burst: 10, perSecond: 10, cost: 1, window: "q=10;w=1"})
}

func twoKeysAreAll(t testing.TB, g *gate) {
	w := workspace(g)
	g.key("--workspace", w)
	g.key("--workspace", w)
	if done := g.cli("keys", "create", "a third", "--workspace", w); done.status != 1 || !strings.Contains(done.err, "2") {
		t.Errorf("a third key: exit status %d, %s", done.status, done.err)
		return
	}
	g.key("--workspace", workspace(g)) // another's number is another
}

func theMonthsQuotaIsTheWorkspaces(t testing.TB, g *gate) {
	w := workspace(g)
	one, other := keyOf(g, w, "read:projects"), keyOf(g, w, "read:projects")
	spend(t, g, one, 9999)
	wantAllowed(t, g, g.get("/v1/projects", other.bearer()))
	got := g.get("/v1/projects", one.bearer())
	wantAnswer(t, g, got, http.StatusTooManyRequests, "quota_exceeded")
	if size := got.header.Get("X-RateLimit-Limit"); size != "10000" {
		t.Errorf("X-RateLimit-Limit %s, want 10000", size)
	}
	wantAllowed(t, g, g.get("/v1/projects", keyOf(g, workspace(g), "read:projects").bearer()))
}

// spend stores so much use of a key, as a node that served it would.
func spend(t testing.TB, g *gate, k key, cost int64) {
	t.Helper()
	store, err := openStore(g.db)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = store.Close() }() // written is written
	now := time.Now().UTC()
	cell := storage.UsageCell{
		KeyID: keys.ID(k.ID), Hour: now.Truncate(time.Hour), Endpoint: "GET /v1/projects", Outcome: "2xx", Count: cost, Cost: cost, Last: now,
	}
	batch := storage.UsageBatch{Incarnation: uuid.NewString(), Sequence: 1, Cells: []storage.UsageCell{cell}}
	if err := store.ApplyUsage(context.Background(), batch); err != nil {
		t.Fatal(err)
	}
}
