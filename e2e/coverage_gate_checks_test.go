package e2e

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/keystile/keystile/internal/keys"
)

// acme plants a key of the workspace that the sample's gate is for.
func acme(g *gate, scopes ...string) key {
	return g.plant(1, func(_ int, k *keys.Key) { k.Workspace, k.Scopes = "acme", scopes })[0]
}

// acmeTest is acme for a test key, which has no limit of its own on routes.
func acmeTest(g *gate, scopes ...string) key {
	return g.plant(1, func(_ int, k *keys.Key) { k.Workspace, k.Scopes, k.Environment = "acme", scopes, keys.Test })[0]
}

func wantAllowed(t testing.TB, g *gate, got response) {
	t.Helper()
	wantAnswer(t, g, got, http.StatusOK, "")
}

func keysPass(t testing.TB, g *gate) {
	wantAllowed(t, g, g.get("/v1/projects", acme(g, "read:projects").bearer()))
}

func nobodyPassesWithoutAKey(t testing.TB, g *gate) {
	wantAnswer(t, g, g.get("/v1/projects"), http.StatusUnauthorized, "missing_key")
}

func theHeaderCarriesKeys(t testing.TB, g *gate) {
	k := acme(g, "read:projects")
	got := g.get("/v1/projects", "X-Api-Key: "+k.Secret)
	wantHidden(t, g, got, k, "/v1/projects")
}

func theQueryCarriesKeys(t testing.TB, g *gate) {
	k := acme(g, "read:projects")
	got := g.get("/v1/projects?a=1&api_key="+k.Secret+"&b=2", "Accept: */*")
	wantHidden(t, g, got, k, "/v1/projects?a=1&b=2")
}

// wantHidden checks that the upstream was asked for a target, and not shown the
// secret.
func wantHidden(t testing.TB, g *gate, got response, k key, target string) {
	t.Helper()
	if got.status != http.StatusOK {
		t.Fatalf("answered %v, want 200", got)
	}
	a := g.upstream.one(t)
	if a.head.RequestURI != target || strings.Contains(a.raw, k.Secret) {
		t.Errorf("the upstream got %q, want %s without the key", a.raw, target)
	}
}

func othersKeysAreRefused(t testing.TB, g *gate) {
	wantAllowed(t, g, g.get("/v1/projects", acme(g, "read:projects").bearer()))
	other := g.plant(1, func(_ int, k *keys.Key) { k.Workspace, k.Scopes = "globex", []string{"read:projects"} })[0]
	wantAnswer(t, g, g.get("/v1/projects", other.bearer()), http.StatusForbidden, "workspace_mismatch")
}

func bothEnvironmentsPass(t testing.TB, g *gate) {
	wantAllowed(t, g, g.get("/v1/projects", acme(g, "read:projects").bearer()))
	wantAllowed(t, g, g.get("/v1/projects", acmeTest(g, "read:projects").bearer()))
}

// wantScope checks that a route takes keys with a scope, and no others.
func wantScope(t testing.TB, g *gate, method, target, scope string) {
	t.Helper()
	wantAllowed(t, g, g.ask(method, target, acme(g, "all").bearer()))
	wantAllowed(t, g, g.ask(method, target, acme(g, scope).bearer()))
	wantAnswer(t, g, g.ask(method, target, acme(g, "projects-write").bearer()), http.StatusForbidden, "insufficient_scope")
}

func readersList(t testing.TB, g *gate) {
	wantScope(t, g, http.MethodGet, "/v1/projects", "read:projects")
}

func writersMake(t testing.TB, g *gate) {
	wantScope(t, g, http.MethodPost, "/v1/projects", "write:projects")
}

func readersGoBelow(t testing.TB, g *gate) {
	wantScope(t, g, http.MethodGet, "/v1/projects/atlas/files/1", "read:projects")
	wantScope(t, g, http.MethodPost, "/v1/projects/atlas/", "read:projects")
	wantAnswer(t, g, g.ask(http.MethodPut, "/v1/projects/atlas/files/1", acme(g, "all").bearer()), http.StatusForbidden, "route_not_allowed")
}

func keysStayInTheirProject(t testing.TB, g *gate) {
	k := g.plant(1, func(_ int, k *keys.Key) {
		k.Workspace, k.Project, k.Scopes = "acme", "atlas", []string{"read:projects"}
	})[0]
	wantAllowed(t, g, g.get("/v1/projects/atlas/files", k.bearer()))
	wantAnswer(t, g, g.get("/v1/projects/zeus/files", k.bearer()), http.StatusForbidden, "project_mismatch")
	if got := g.get("/v1/projects/zeus/files", acme(g, "read:projects").bearer()); got.status != http.StatusOK {
		t.Fatalf("answered %v", got)
	}
	if told := g.upstream.one(t).values("Keystile-Project"); !slices.Equal(told, []string{"zeus"}) {
		t.Errorf("the upstream was told Keystile-Project %q, want the path's", told)
	}
}

func healthIsPublic(t testing.TB, g *gate) {
	wantAllowed(t, g, g.get("/healthz"))
	wantAllowed(t, g, g.ask(http.MethodHead, "/healthz"))
	wantAnswer(t, g, g.ask(http.MethodPost, "/healthz"), http.StatusUnauthorized, "missing_key")
}

func unlistedPathsAreRefused(t testing.TB, g *gate) {
	wantAnswer(t, g, g.get("/elsewhere", acme(g, "all").bearer()), http.StatusForbidden, "route_not_allowed")
}

func unlistedPathsTakeAnyKey(t testing.TB, g *gate) {
	wantAllowed(t, g, g.get("/elsewhere", acme(g).bearer()))
	wantAnswer(t, g, g.get("/elsewhere"), http.StatusUnauthorized, "missing_key")
	wantAnswer(t, g, g.get("/v1/projects", acme(g).bearer()), http.StatusForbidden, "insufficient_scope")
}

func everybodyPassesAndIsTold(t testing.TB, g *gate) {
	k := acme(g, "write:projects")
	for code, lines := range map[string][]string{
		"missing_key": nil, "malformed_key": {bearer("garbage")}, "insufficient_scope": {k.bearer()},
	} {
		before := g.counter(decisions, `outcome="`+code+`"`, `mode="observe"`)
		got := g.get("/v1/projects", lines...)
		if got.status != http.StatusOK {
			t.Fatalf("answered %v, want 200", got)
		}
		a := g.upstream.one(t)
		if told := a.values("Keystile-Would-Deny"); !slices.Equal(told, []string{code}) || strings.Contains(a.raw, k.Secret) {
			t.Errorf("the upstream got %q, want Keystile-Would-Deny: %s and no key", a.raw, code)
		}
		if counted := g.counter(decisions, `outcome="`+code+`"`, `mode="observe"`) - before; counted != 1 {
			t.Errorf("%s was counted %v times, want once", code, counted)
		}
	}
	if got := g.get("/v1/projects", acme(g, "read:projects").bearer()); got.status != http.StatusOK || len(g.upstream.one(t).values("Keystile-Would-Deny")) > 0 {
		t.Errorf("a key that passes anyway is answered %v", got)
	}
}
