package e2e

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestPanicInTheGateIsOneRefusal(t *testing.T) {
	t.Parallel()
	t.Run("PROC-03 panic behind the look-up", panicInTheLimiter)
}

func panicInTheLimiter(t *testing.T) {
	g := setup(t, options{
		program: faulty(t), panics: true, app: "limiter faulty",
		policy: "default allow\nroute GET /panic {\n rate_limit live 1000000/s\n}\nroute GET /fine {\n rate_limit live 1000000/s\n}",
	})
	k := g.key()
	g.soon(k, "/fine", "")
	g.upstream.seen()
	baseline := g.goroutines()
	for range 30 {
		got := g.get("/panic", k.bearer())
		if got.status != http.StatusInternalServerError || strings.Contains(got.raw, "forced by a test") {
			t.Fatalf("answered %v", got)
		}
		g.upstream.untouched(t)
		wantAnswer(t, g, g.get("/fine", k.bearer()), http.StatusOK, "")
	}
	g.calm(baseline)

	// What the panicking requests held is released: a new configuration lets
	// go of the old one, and the process ends in time with every call counted.
	g.options.app = "limiter local"
	g.reload(g.caddyfile())
	wantAnswer(t, g, g.get("/panic", k.bearer()), http.StatusOK, "")
	if status := g.stop(); status != 0 {
		t.Errorf("exit status %d", status)
	}
	if calls := g.used(k.ID).TotalCalls; calls != 32 {
		t.Errorf("%d calls counted, want the 32 that were answered", calls)
	}
}

func TestPanicInTheStoreIsAnOutageOfTheStore(t *testing.T) {
	t.Parallel()
	t.Run("PROC-03 panic in the look-up", panicInTheLookup)
}

func panicInTheLookup(t *testing.T) {
	g := setup(t, options{program: faulty(t), panics: true, driver: "faulty"})
	cached, cold := g.key(), g.key()
	g.soon(cached, "/", "")
	g.upstream.seen()
	mark := filepath.Join(g.dir, "panic")
	put(t, mark, "")
	for range 30 {
		wantAnswer(t, g, g.get("/", cold.bearer()), http.StatusServiceUnavailable, "store_unavailable")
		wantAnswer(t, g, g.get("/", cached.bearer()), http.StatusOK, "")
	}
	if !strings.Contains(g.log(), "faultygate/store.go") {
		t.Error("the log doesn't say where the panic came from")
	}
	if err := os.Remove(mark); err != nil {
		t.Fatal(err)
	}
	wantAnswer(t, g, g.get("/", cold.bearer()), http.StatusOK, "")
}
