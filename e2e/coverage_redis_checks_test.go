package e2e

import (
	"net/http"
	"strings"
	"testing"

	"github.com/keystile/keystile/internal/servertest"
)

// throwawayRedis starts a Redis that ends with the test.
func throwawayRedis(t testing.TB, settings ...string) *servertest.Redis {
	t.Helper()
	r, err := servertest.NewRedis(settings...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { must(t, r.Close()) })
	return r
}

// inRedis is how many keys the gate's Redis holds.
func inRedis(t testing.TB, g *gate) string {
	t.Helper()
	said, err := g.redis.Do("DBSIZE")
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimPrefix(said, ":")
}

// bucketsAreInRedis has Redis hold the fleet, and a bucket.
func bucketsAreInRedis(t testing.TB, g *gate) {
	if _, err := g.redis.Do("FLUSHALL"); err != nil {
		t.Fatal(err)
	}
	k := acme(g, "read:projects")
	if !becomes(startWithin, func() bool { return g.get("/v1/projects", k.bearer()).status == http.StatusOK }) {
		t.Fatal("nothing is allowed any more")
	}
	g.upstream.seen()
	if n := inRedis(t, g); n < "2" { // beside which run of the server it was, where a connection is new
		t.Errorf("%s keys are in Redis, want the fleet and a bucket", n)
	}
}

// withoutRedis asks with a new key while Redis is away.
func withoutRedis(t testing.TB, g *gate) response {
	t.Helper()
	k := acme(g, "read:projects")
	must(t, g.redis.Stop())
	got := g.get("/v1/projects", k.bearer())
	must(t, g.redis.Start())
	if !becomes(startWithin, func() bool {
		g.get("/v1/projects", k.bearer())
		return inRedis(t, g) >= "3" // the run of the server, the fleet, a bucket
	}) {
		t.Fatal("Redis isn't asked any more")
	}
	g.upstream.seen()
	return got
}

func eachNodeHasItsShare(t testing.TB, g *gate) {
	if got := withoutRedis(t, g); got.status != http.StatusOK || got.header.Get("X-RateLimit-Remaining") != "59" {
		t.Errorf("answered %v, with %s remaining", got, got.header.Get("X-RateLimit-Remaining"))
	}
}

func nobodyPassesWithoutRedis(t testing.TB, g *gate) {
	got := withoutRedis(t, g)
	wantAnswer(t, g, got, http.StatusServiceUnavailable, "limiter_unavailable")
	if got.header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
