package e2e

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/servertest"
)

// proxied is a Redis behind a proxy.
func proxied(t testing.TB) (*servertest.Redis, *servertest.Proxy, string) {
	t.Helper()
	r := throwawayRedis(t)
	p, err := servertest.NewProxy(r.Address())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { must(t, p.Close()) })
	return r, p, "redis://" + p.Address()
}

// trust is for how long Redis counts a gate as present that it doesn't hear of.
// Shares don't refill before.
const trust = 2100 * time.Millisecond

// tryShares has clients ask all gates while Redis is away, once shares refill.
func tryShares(t testing.TB, what string, gates []*gate, k key) {
	t.Helper()
	asking := func() *askers { return ask(t, k, 300, gates...).lasts(trust + span()) }
	c := asking()
	refilling := allowance{perSecond: 99} // shares are of whole calls
	after := c.began.Add(trust)
	part := refilling.figures(t, what, c.since(after), time.Since(after))
	more := refilling.wantGranted(t, what, part, asking)
	hundred.within(t, append(more, c)...)
	t.Logf("slowest answer: %v; answers: %v", c.slowest, c.answers)
}

func TestREDIS01WithoutRedisEachGateEnforcesItsShare(t *testing.T) {
	_, p, url := proxied(t)
	p.Cut()
	gates, k := threeGates(t, url, ofHundred)
	ask(t, k, 10, gates...).lasts(3 * time.Second) // by when each gate has counted the others
	tryShares(t, "Redis away from the start", gates, k)
	p.Heal()
	tellRecovery(t, gates)
	c := ask(t, k, 300, gates...)
	time.AfterFunc(span()/2, p.Cut)
	c.lasts(span())
	hundred.figures(t, "Redis away in the middle", len(c.allowed), time.Since(c.began))
	hundred.within(t, c)
	t.Logf("slowest answer: %v; answers: %v", c.slowest, c.answers)
	tryShares(t, "Redis away", gates, k)
}

// tellRecovery waits until all gates have Redis, and reports for how long.
func tellRecovery(t testing.TB, gates []*gate) {
	t.Helper()
	began := time.Now()
	for _, g := range gates {
		eventually(t, startWithin, "the gate has its Redis again", func() bool { return g.counter("keystile_limiter_away") == 0 })
	}
	t.Logf("recovered within %v", time.Since(began).Round(time.Millisecond))
}

func TestREDIS01WithoutRedisAGateDeniesWhereItIsToldTo(t *testing.T) {
	_, p, url := proxied(t)
	g := setup(t, options{app: "limiter redis " + url + "\non_limiter_failure deny\n" + ofHundred})
	k := g.key()
	eventually(t, startWithin, "the gate has its Redis", func() bool { return g.counter("keystile_limiter_away") == 0 })
	eventually(t, startWithin, "the key is allowed", func() bool { return g.get("/", k.bearer()).status == http.StatusOK })
	g.upstream.seen()
	p.Cut()
	other := g.key()
	got := g.get("/", other.bearer())
	wantAnswer(t, g, got, http.StatusServiceUnavailable, "limiter_unavailable")
	if got.header.Get("Retry-After") != "1" {
		t.Errorf("Retry-After %q", got.header.Get("Retry-After"))
	}
	p.Heal()
	eventually(t, startWithin, "it is allowed again", func() bool { return g.get("/", other.bearer()).status == http.StatusOK })
	g.upstream.seen()
}

// REDIS-02 has requests of keys that this gate holds nothing for: each needs
// Redis, until the gate knows better.
func TestREDIS02ASlowOrSilentRedisCostsLittleAndComesBackByItself(t *testing.T) {
	_, p, url := proxied(t)
	g := setup(t, options{app: "limiter redis " + url + "\n" + ofHundred, before: quiet, behind: "respond ok"})
	unused := g.plant(200, nil)
	const patience = 40 * time.Millisecond // or a little more, until the gate knows better
	next := func() time.Duration {
		took := timeOf(t, g, unused[0])
		unused = unused[1:]
		return took
	}
	for name, fault := range map[string]func(){
		"black hole to Redis":   func() { p.BlackHole(servertest.ToServer) },
		"black hole from Redis": func() { p.BlackHole(servertest.ToClient) },
		"half a second late":    func() { p.Delay(500 * time.Millisecond) },
	} {
		var usual, slowest time.Duration
		for range 20 {
			usual = max(usual, next())
		}
		fault()
		waited := 0
		for range 20 {
			took := next()
			slowest = max(slowest, took)
			if took > patience {
				waited++
			}
		}
		p.Heal()
		t.Logf("%s: slowest answer %v, %v before; %d of 20 waited", name, slowest, usual, waited)
		if waited > 5 {
			t.Errorf("%s: %d of 20 requests waited", name, waited)
		}
		tellRecovery(t, []*gate{g})
	}
}

// timeOf is how long it takes to allow a call.
func timeOf(t testing.TB, g *gate, k key) time.Duration {
	t.Helper()
	began := time.Now()
	got := g.get("/", k.bearer())
	took := time.Since(began)
	if got.status != http.StatusOK {
		t.Errorf("answered %v", got)
	}
	return took
}

func TestREDIS04AFailoverIsAnOutageThatEnds(t *testing.T) {
	r := throwawayRedis(t)
	gates, k := threeGates(t, r.URL(), ofHundred)
	c := ask(t, k, 300, gates...)
	time.AfterFunc(span()/2, func() {
		if _, err := r.Do("REPLICAOF 127.0.0.1 1"); err != nil { // it answers READONLY from here on
			t.Error(err)
		}
	})
	c.lasts(span())
	if away := gates[0].counter("keystile_limiter_away"); away != 1 {
		t.Errorf("keystile_limiter_away %v under a Redis that can only be read", away)
	}
	hundred.figures(t, "Redis READONLY from the middle on", len(c.allowed), time.Since(c.began))
	if _, err := r.Do("REPLICAOF NO ONE"); err != nil {
		t.Fatal(err)
	}
	tellRecovery(t, gates)
	asking := func() *askers { return ask(t, k, 300, gates...).lasts(span()) }
	after := asking()
	part := allowance{perSecond: 100}.figures(t, "behind the new primary", len(after.allowed), time.Since(after.began))
	more := hundred.wantGranted(t, "behind the new primary", part, asking)
	hundred.within(t, append(more, c, after)...)
}

func TestLEAK06ThePasswordOfRedisIsInNoLogAndNoConfiguration(t *testing.T) {
	const password = "correct-horse-of-redis"
	r := throwawayRedis(t, "--requirepass", password)
	for name, url := range map[string]string{"right": "redis://:" + password + "@" + r.Address(), "wrong": "redis://:" + password + "x@" + r.Address()} {
		g := setup(t, options{app: "limiter redis {env.REDIS_URL}\n" + ofHundred, env: []string{"REDIS_URL=" + url}, behind: "respond ok"})
		g.secret(password) // looked for in all that the gate has written
		k := g.key()
		got := g.get("/", k.bearer())
		if got.status != http.StatusOK {
			t.Errorf("%s password: answered %v", name, got)
		}
		away := map[string]float64{"wrong": 1}[name]
		eventually(t, startWithin, name+" password: keystile_limiter_away says so", func() bool { return g.counter("keystile_limiter_away") == away })
		if text := g.adminGet("/config/"); strings.Contains(text, password) || !strings.Contains(text, "{env.REDIS_URL}") {
			t.Errorf("the configuration is %s", text)
		}
		if log := g.log(); (name == "wrong") != strings.Contains(log, "WRONGPASS") {
			t.Errorf("%s password: the log is\n%s", name, log)
		}
	}
}
