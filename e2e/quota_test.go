package e2e

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

// endOfMonth is when a month is over, and evening two hours before.
var (
	endOfMonth = time.Date(2050, 2, 1, 0, 0, 0, 0, time.UTC)
	evening    = endOfMonth.Add(-2 * time.Hour)
)

const monthsQuota = 100

// quotaKinds are the places where a quota can stand.
var quotaKinds = map[string]options{
	"a key's":       {app: "quota 100/month"},
	"a workspace's": {app: "plan free {\n quota 100/month\n}\ndefault_plan free"},
	"a route's":     {policy: "route GET / {\n quota 100/month\n}"},
}

// setupQuota starts a gate in the evening before a month ends.
func setupQuota(t *testing.T, o options) *gate {
	t.Helper()
	o.program = faulty(t)
	g := prepare(t, o)
	g.stopClock(evening)
	g.start()
	return g
}

// pass counts how many of n calls pass. The others are over the quota.
func (g *gate) pass(k key, n int) (passed int) {
	g.t.Helper()
	for range n {
		switch got := g.get("/", k.bearer()); {
		case got.status == http.StatusOK:
			passed++
		case got.code() != "quota_exceeded":
			g.t.Fatalf("answered %v", got)
		}
	}
	return passed
}

// replace rotates a key, without a grace.
func (g *gate) replace(k key) key {
	g.t.Helper()
	var next key
	g.must(&next, "keys", "rotate", k.ID, "--grace", "0s")
	g.secret(next.Secret)
	return next
}

// goneWithAGate is how much of what is left of a quota a gate may take along that
// is killed: in Redis, a quarter of it counts as that gate's.
func goneWithAGate(left int) int {
	if os.Getenv(limiterVariable) == "redis" {
		return left / 4
	}
	return 0
}

// storedCalls is how many calls of all keys the database holds.
func (g *gate) storedCalls() (calls int64) {
	g.t.Helper()
	err := g.view(func(ctx context.Context, r storage.Reader) error {
		all, err := r.Keys(ctx, storage.KeyFilter{Workspace: storage.DefaultWorkspace})
		if err != nil {
			return err
		}
		var ids []keys.ID
		for i := range all {
			ids = append(ids, all[i].ID)
		}
		totals, err := r.UsageTotals(ctx, ids)
		for _, total := range totals {
			calls += total.Calls
		}
		return err
	})
	if err != nil {
		g.t.Fatal(err)
	}
	return calls
}

// awaitStored waits until every call that reached the upstream is stored.
func (g *gate) awaitStored() {
	g.t.Helper()
	eventually(g.t, 5*time.Second, "all calls are stored", func() bool { return g.storedCalls() == int64(g.upstream.total()) })
}

// upheavals are what a quota has to survive. None gives a call back that was
// made before.
var upheavals = []struct {
	name string
	do   func(t *testing.T, g *gate, k key) key
}{
	{"nothing", func(_ *testing.T, _ *gate, k key) key { return k }},
	{"a replacement", func(_ *testing.T, g *gate, k key) key { return g.replace(k) }},
	{"a reload", func(_ *testing.T, g *gate, k key) key { g.reload(g.caddyfile()); return k }},
	{"a reload with another pepper", func(_ *testing.T, g *gate, k key) key {
		g.options.app += "\npepper " + drawSecret(keys.Live)
		g.reload(g.caddyfile())
		return k
	}},
	{"a reload with the pepper from before", func(_ *testing.T, g *gate, k key) key {
		g.options.app, _, _ = strings.Cut(g.options.app, "\npepper ")
		g.reload(g.caddyfile())
		return k
	}},
	{"SIGTERM", func(t *testing.T, g *gate, k key) key {
		if status := g.stop(); status != 0 {
			t.Errorf("exit status %d", status)
		}
		g.start()
		return k
	}},
	{"SIGKILL, once all is stored", func(_ *testing.T, g *gate, k key) key {
		g.awaitStored()
		g.kill()
		g.start()
		return k
	}},
}

func TestExactlyAMonthsQuotaPassesWhateverHappensMeanwhile(t *testing.T) {
	t.Parallel()
	for kind, o := range quotaKinds {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			g := setupQuota(t, o)
			k := g.key()
			const share = 10
			for _, upheaval := range upheavals {
				k = upheaval.do(t, g, k)
				if passed := g.pass(k, share); passed != share {
					t.Fatalf("after %s, %d of %d calls passed", upheaval.name, passed, share)
				}
			}
			left := monthsQuota - share*len(upheavals)
			if passed := g.pass(k, left+5); passed > left || passed < left-goneWithAGate(left+share) {
				t.Errorf("%d calls passed at last, want the %d that are left", passed, left)
			}
			for _, upheaval := range upheavals {
				k = upheaval.do(t, g, k)
				wantExceeded(t, g, k, evening, "after "+upheaval.name)
			}

			last := endOfMonth.Add(-time.Millisecond)
			g.stopClock(last)
			wantExceeded(t, g, k, last, "at the last moment")
			g.stopClock(endOfMonth)
			if passed := g.pass(k, monthsQuota+5); passed != monthsQuota {
				t.Errorf("%d calls passed in the next month, want %d", passed, monthsQuota)
			}
		})
	}
}

// wantExceeded checks the answer to a call beyond the quota, of which the
// caller is told when the month is over.
func wantExceeded(t *testing.T, g *gate, k key, now time.Time, when string) {
	t.Helper()
	g.upstream.seen()
	got := g.get("/", k.bearer())
	wantAnswer(t, g, got, http.StatusTooManyRequests, "quota_exceeded")
	wait := strconv.Itoa(int((endOfMonth.Sub(now) + time.Second - 1) / time.Second))
	for name, want := range map[string]string{
		"Retry-After": wait, "X-RateLimit-Reset": strconv.FormatInt(endOfMonth.Unix(), 10),
		"X-RateLimit-Limit": "100", "X-RateLimit-Remaining": "0",
		"RateLimit":        fmt.Sprintf(`"quota month";r=0;t=%s`, wait),
		"RateLimit-Policy": fmt.Sprintf(`"quota month";q=100;w=%d`, 31*24*60*60),
	} {
		if told := got.header.Get(name); told != want {
			t.Errorf("%s, %s is %q, want %q", when, name, told, want)
		}
	}
}

func TestCallBeyondAQuotaIsAnsweredAsDocumented(t *testing.T) {
	t.Parallel()
	g := setupQuota(t, options{app: "quota 1/month"})
	k := g.key()
	g.pass(k, 1)
	for form, accept := range map[string]string{"json": "Accept: */*", "problem": "Accept: application/problem+json"} {
		got := g.get("/", k.bearer(), accept)
		wantGolden(t, filepath.Join("testdata", "outcomes", "quota_exceeded."+form), mask(got.raw))
	}
}

func TestKillGivesNoMoreOfAQuotaBackThanWasNotStoredYet(t *testing.T) {
	t.Parallel()
	const early, late = 50, 20
	g := setupQuota(t, options{app: "quota 100/month"})
	k := g.key()
	g.pass(k, early)
	eventually(t, 5*time.Second, "the early calls are stored", func() bool { return g.storedCalls() == early })
	g.pass(k, late)
	g.kill()
	stored := g.storedCalls()
	if stored < early || stored > early+late {
		t.Errorf("%d calls are stored, want %d, and %d more at most", stored, early, late)
	}
	g.start()
	most := monthsQuota - stored
	least := most
	if gone := goneWithAGate(monthsQuota - early); gone > 0 {
		least = int64(monthsQuota - early - late - gone) // Redis had heard of all calls
	}
	if passed := int64(g.pass(k, monthsQuota)); passed > most || passed < least {
		t.Errorf("%d calls passed after the kill, want the %d that are left", passed, most)
	}
}

func TestMonthTurnsWhileRequestsRun(t *testing.T) {
	t.Parallel()
	g := setupQuota(t, options{app: "quota 100/month"})
	k := g.key()
	g.runClock(time.Until(endOfMonth) - time.Hour)
	load := g.drive(t, k, 200, 4)
	exceeded := func(r reply) bool { return r.code == "quota_exceeded" }
	eventually(t, exchangeWithin, "the old month's quota is used up, and no more", func() bool {
		return load.count(exceeded) > 0 && load.count(allowed) == monthsQuota
	})
	turn := time.Now().Add(300 * time.Millisecond)
	g.runClock(endOfMonth.Sub(turn))
	eventually(t, exchangeWithin, "the new month's quota is used up", func() bool {
		return load.count(allowed) > monthsQuota && load.count(func(r reply) bool { return exceeded(r) && r.at.After(turn.Add(time.Second)) }) > 0
	})
	load.halt()
	before := load.count(func(r reply) bool { return allowed(r) && r.at.Before(turn) })
	if n := load.count(allowed); before != monthsQuota || n != 2*monthsQuota || load.broken > 0 {
		t.Errorf("%d calls passed before the turn and %d in all, want %d and %d; %d were not answered", before, n, monthsQuota, 2*monthsQuota, load.broken)
	}
	g.awaitStored()
}

func TestClockOfTheProgramItselfCannotBeSet(t *testing.T) {
	t.Parallel()
	g := prepare(t, options{app: "quota 1/month"})
	g.stopClock(evening)
	g.start()
	k := g.key()
	g.pass(k, 1)
	got := g.get("/", k.bearer())
	reset, err := strconv.ParseInt(got.header.Get("X-RateLimit-Reset"), 10, 64)
	if in := time.Until(time.Unix(reset, 0)); err != nil || in <= 0 || in > 31*24*time.Hour {
		t.Errorf("answered %v, with X-RateLimit-Reset in %v, want the end of this month", got, in)
	}
}
