package e2e

import (
	"bytes"
	"testing"
)

func TestSpansTellWhatTheGateConcluded(t *testing.T) {
	t.Parallel()
	c := newCollector(t)
	g := setup(t, options{
		policy: "credential bearer\ncredential query api_key\nroute GET /open/{name} read\nroute GET /shut/* write", before: "tracing", env: c.env(), global: masked,
	})
	k := g.key("--scopes", "read")
	for path, want := range map[string]map[string]string{
		"/open/1": {"keystile.outcome": "allowed", "keystile.route": "GET /open/{name}", "http.route": "/open/{name}", "keystile.key_id": k.ID, "keystile.environment": "live"},
		"/shut/1": {"keystile.outcome": "insufficient_scope", "keystile.route": "GET /shut/*", "http.route": "/shut/*", "keystile.key_id": k.ID, "keystile.environment": "live"},
		"/none":   {"keystile.outcome": "route_not_allowed", "keystile.route": "", "http.route": "", "keystile.key_id": k.ID, "keystile.environment": "live"},
	} {
		g.get(path, k.bearer())
		wantSpan(t, c, path, want)
	}
	g.get("/open/2")
	wantSpan(t, c, "/open/2", map[string]string{"keystile.outcome": "missing_key", "keystile.key_id": "", "keystile.environment": ""})
	g.get("/open/3?api_key=" + k.Secret)
	wantSpan(t, c, "/open/3", map[string]string{"keystile.outcome": "allowed", "keystile.key_id": k.ID})
	g.get("/open/4?api_key="+k.Secret, k.bearer())
	wantSpan(t, c, "/open/4", map[string]string{"keystile.outcome": "multiple_credentials"})
	if bytes.Contains(c.exported(), []byte(k.Secret)) {
		t.Error("a secret was exported")
	}
}

func wantSpan(t *testing.T, c *collector, path string, want map[string]string) {
	t.Helper()
	got := c.span(t, path)
	if got["keystile.mode"] != "enforce" {
		t.Errorf("%s: mode %q", path, got["keystile.mode"])
	}
	for name, value := range want {
		if got[name] != value {
			t.Errorf("%s: %s is %q, want %q", path, name, got[name], value)
		}
	}
}

func TestSpansTellWhatAGateThatOnlyObservesWouldConclude(t *testing.T) {
	t.Parallel()
	c := newCollector(t)
	g := setup(t, options{policy: "mode observe", before: "tracing", env: c.env()})
	g.get("/anything")
	if got := c.span(t, "/anything"); got["keystile.outcome"] != "missing_key" || got["keystile.mode"] != "observe" {
		t.Errorf("%v", got)
	}
}
