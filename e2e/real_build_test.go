package e2e

import (
	"net/http"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// buildXcaddy builds what xcaddy.toml says, by the command that reads it.
func buildXcaddy(t *testing.T) program {
	t.Helper()
	builder, err := build("../cmd/keystile-build", "keystile-build")
	if err != nil {
		t.Fatal(err)
	}
	caddy := filepath.Join(filepath.Dir(builder), "caddy")
	began := time.Now()
	if out, err := exec.Command(builder, "-config", "../xcaddy.toml", "-o", caddy).CombinedOutput(); err != nil {
		t.Fatalf("build what xcaddy.toml says: %v\n%s", err, out)
	}
	t.Logf("built in %v", time.Since(began).Round(time.Second))
	return program{path: caddy, manage: []string{"keystile"}}
}

func TestCaddyBuiltByXcaddyIsAGateToo(t *testing.T) {
	p := buildXcaddy(t)
	g := setup(t, options{program: &p, policy: smokePolicy})
	listed := g.run("list-modules")
	for _, module := range []string{"keystile", "http.handlers.keystile", "http.handlers.keystile_admin", "keystile.stores.sqlite", "keystile.limiters.local"} {
		if !slices.Contains(strings.Split(listed.out, "\n"), module) {
			t.Errorf("list-modules doesn't show %s (exit status %d)", module, listed.status)
		}
	}
	if help := g.run("keys", "list"); help.status == 0 {
		t.Error("the commands stand at the top level of somebody else's program")
	}
	if done := g.run("validate", "--config", g.config, "--adapter", "caddyfile"); done.status != 0 {
		t.Errorf("validate: exit status %d: %s", done.status, done.err)
	}
	smoke(t, g)
}

func TestOurBinaryIsAGate(t *testing.T) {
	smoke(t, setup(t, options{policy: smokePolicy}))
}

const smokePolicy = `
	route GET /items/{name} read
	route GET /healthz public
	route GET /slow {
		rate_limit live 1/d
	}`

// smoke walks once through what a gate is for, from the first key to the last
// count.
func smoke(t *testing.T, g *gate) {
	t.Helper()
	reader, other := g.key("--scopes", "read"), g.key()
	for _, step := range []struct {
		target string
		lines  []string
		status int
		code   string
	}{
		{"/healthz", nil, http.StatusOK, ""},
		{"/items/a", nil, http.StatusUnauthorized, "missing_key"},
		{"/items/a", []string{bearer("ks_live_0123456789ABCDEFGHIJKLMNOPQRST1TaVco")}, http.StatusUnauthorized, "unknown_key"},
		{"/items/a", []string{reader.bearer()}, http.StatusOK, ""},
		{"/items/a", []string{other.bearer()}, http.StatusForbidden, "insufficient_scope"},
		{"/elsewhere", []string{reader.bearer()}, http.StatusForbidden, "route_not_allowed"},
		{"/items/../items/a", []string{reader.bearer()}, http.StatusBadRequest, "ambiguous_path"},
		{"/slow", []string{reader.bearer()}, http.StatusOK, ""},
		{"/slow", []string{reader.bearer()}, http.StatusTooManyRequests, "rate_limited"},
	} {
		if got := g.get(step.target, step.lines...); got.status != step.status || got.code() != step.code {
			t.Errorf("%s is answered %v, want %d %s", step.target, got, step.status, step.code)
		}
	}
	g.reload(g.caddyfile())
	if got := g.get("/slow", reader.bearer()); got.code() != "rate_limited" {
		t.Errorf("after a reload, a bucket that was empty is answered %v", got)
	}
	g.must(nil, "keys", "revoke", reader.ID)
	g.soon(reader, "/items/a", "revoked_key")
	if status := g.stop(); status != 0 {
		t.Errorf("exit status %d", status)
	}
	arrived := int64(0)
	for _, a := range g.upstream.seen() {
		if slices.Equal(a.values("Keystile-Key-Id"), []string{reader.ID}) {
			arrived++
		}
	}
	if used := g.used(reader.ID).TotalCalls; used != arrived || used < 2 {
		t.Errorf("%d calls counted, and %d reached the upstream", used, arrived)
	}
}
