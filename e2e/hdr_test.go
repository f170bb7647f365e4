package e2e

import (
	"net/http"
	"slices"
	"strings"
	"testing"
)

// identityNames are the headers in which the upstream learns who calls.
var identityNames = []string{
	"Keystile-Key-Id", "Keystile-Workspace", "Keystile-Project", "Keystile-Environment", "Keystile-Scopes", "Keystile-Profile",
	"Keystile-Owner",
}

// spoofs are header lines in the gate's name, however spelled.
var spoofs = map[string][]string{
	"HDR-01 once":             {"Keystile-Key-Id: evil"},
	"HDR-01 twice":            {"Keystile-Key-Id: evil", "Keystile-Key-Id: evil"},
	"HDR-01 any case":         {"kEYSTILE-key-ID: evil", "KEYSTILE-KEY-ID: evil", "keystile-scopes: evil"},
	"HDR-01 all":              {"Keystile-Workspace: evil", "Keystile-Project: evil", "Keystile-Environment: evil", "Keystile-Owner: evil"},
	"HDR-01 unknown names":    {"Keystile-Would-Deny: evil", "Keystile-Stale: evil", "Keystile-: evil"},
	"HDR-03 underscores":      {"Keystile_Key_Id: evil", "Keystile-Key_Id: evil", "Keystile_Key-Id: evil", "KEYSTILE_KEY_ID: evil"},
	"HDR-03 dots":             {"Keystile.Key.Id: evil", "Keystile-Key.Id: evil"},
	"HDR-04 Connection":       {"Connection: Keystile-Key-Id", "Keystile-Key-Id: evil"},
	"HDR-04 Connection close": {"Connection: close, Keystile-Key-Id, keystile-owner", "Keystile-Key-Id: evil"},
	"HDR-04 another hop":      {"Connection: X-Hop", "X-Hop: evil"},
	"HDR-04 trailer":          {"Trailer: Keystile-Key-Id", "Transfer-Encoding: chunked"},
}

// Caddy drops names with underscores and dots unless it is told to expect
// them; the gate must not depend on it.
const expectOdd = `servers {
	expected_underscore_headers keystile_* keystile-key_*
	expected_dot_headers keystile.* keystile-key.*
}`

func TestUpstreamLearnsTheIdentityFromTheGateAlone(t *testing.T) {
	t.Parallel()
	for name, global := range map[string]string{"by default": "", "with odd names expected": expectOdd} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := setup(t, options{global: global, policy: "route * /v1/items read\nroute * /open public"})
			k := g.key("--scopes", "read")
			for id, lines := range spoofs {
				for _, target := range []string{"/v1/items", "/open"} {
					t.Run(id+" HDR-02 "+target, func(t *testing.T) { wantOwnIdentity(t, g, k, target, lines) })
				}
			}
		})
	}
}

func wantOwnIdentity(t *testing.T, g *gate, k key, target string, lines []string) {
	t.Helper()
	raw := g.request(http.MethodPost, target, append([]string{k.bearer()}, lines...)...)
	if slices.Contains(lines, "Transfer-Encoding: chunked") {
		raw += "1\r\nx\r\n0\r\nKeystile-Key-Id: evil\r\nKeystile_Owner: evil\r\nX-Other: evil\r\n\r\n"
	}
	if got := g.send(raw); got.status != http.StatusOK {
		t.Fatalf("answered %v", got)
	}
	a := g.upstream.one(t)
	if strings.Contains(a.raw, "evil") || strings.Contains(a.raw, k.Secret) {
		t.Errorf("the upstream got %q", a.raw)
	}
	want := k.ID
	if target == "/open" {
		want = ""
	}
	for _, name := range identityNames {
		values := a.values(name)
		if len(values) != 1 || name == "Keystile-Key-Id" && values[0] != want {
			t.Errorf("the upstream got %s %q, want one, and the key's ID %q", name, values, want)
		}
	}
}

func TestForwardedAddressesCountOnlyFromTrustedProxies(t *testing.T) {
	t.Parallel()
	lines := []string{
		"X-Forwarded-For: 192.0.2.7", "X-Real-IP: 192.0.2.7", "Forwarded: for=192.0.2.7", "True-Client-IP: 192.0.2.7",
		"CF-Connecting-IP: 192.0.2.7", "X-Client-IP: 192.0.2.7", "X-Forwarded-For: 192.0.2.7, 192.0.2.7",
	}
	g := setup(t, options{})
	k := g.key("--allowed-ips", "192.0.2.7")
	for _, line := range append(lines, "X-Other: 192.0.2.7") {
		tryAll(t, g, []attempt{{name: "HDR-05 HDR-06 " + line, target: "/", lines: []string{k.bearer(), line},
			status: http.StatusForbidden, code: "ip_not_allowed"}})
	}
	g.options.global = "servers {\n trusted_proxies static 127.0.0.1/32\n}"
	g.reload(g.caddyfile())
	tryAll(t, g, []attempt{
		{name: "HDR-05 from a trusted proxy", target: "/", lines: []string{k.bearer(), lines[0]}, status: http.StatusOK},
		{name: "HDR-05 another address from a trusted proxy", target: "/", lines: []string{k.bearer(), "X-Forwarded-For: 192.0.2.8"},
			status: http.StatusForbidden, code: "ip_not_allowed"},
		{name: "HDR-06 another header from a trusted proxy", target: "/", lines: []string{k.bearer(), lines[1]},
			status: http.StatusForbidden, code: "ip_not_allowed"},
	})
}

func TestRouteIsDecidedByTheTargetAlone(t *testing.T) {
	t.Parallel()
	g := setup(t, options{policy: "route GET /public public\nroute GET /v1/admin admin"})
	k := g.key("--scopes", "read")
	for _, line := range []string{
		"X-Original-URL: /public", "X-Rewrite-URL: /public", "X-Envoy-Original-Path: /public", "X-Forwarded-Uri: /public",
		"X-Original-URI: /public", "X-Forwarded-Path: /public", "X-Forwarded-Prefix: /public", "X-Forwarded-Method: HEAD",
	} {
		tryAll(t, g, []attempt{
			{name: "HDR-07 no key " + line, target: "/v1/admin", lines: []string{line}, status: http.StatusUnauthorized, code: "missing_key"},
			{name: "HDR-07 " + line, target: "/v1/admin", lines: []string{line, k.bearer()},
				status: http.StatusForbidden, code: "insufficient_scope"},
		})
	}
}
