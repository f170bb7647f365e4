package e2e

import (
	"net/http"
	"testing"

	"github.com/keystile/keystile/internal/keys"
)

const verifySite = "verify.example.com / keystile_verify"

// verifyLines are those of the site that other proxies ask.
var verifyLines = []contractLine{
	{at: "verify.example.com", test: aProxyMayAsk, fails: []failure{leftOut("insufficient_scope")}},
	{at: verifySite, test: aProxyMayAsk, fails: []failure{leftOut(`answered 200 ""`)}},
	{at: verifySite + " / trusted 127.0.0.1", test: aProxyMayAsk, fails: []failure{leftOut("ip_not_allowed"), {"trusted 192.0.2.1", "ambiguous_path"}}},
	{at: verifySite + " / target request", test: theAskingRequestIsJudged, fails: []failure{leftOut("ambiguous_path"), {"target forwarded", "ambiguous_path"}}},
	{at: verifySite + " / deny_status 403", test: refusalsAreForbidden, fails: []failure{leftOut("answered 401")}},
}

// asked asks the site as a proxy does, or without saying about what.
func asked(g *gate, k key, about ...string) response {
	return g.get("/v1/projects", append(about, "Host: verify.example.com", k.bearer(), "X-Forwarded-For: 192.0.2.7, 203.0.113.9")...)
}

var aboutProjects = []string{"X-Forwarded-Method: GET", "X-Forwarded-Uri: /v1/projects"}

// acmesBoundKey works from the client's address alone.
func acmesBoundKey(g *gate) key {
	return g.plant(1, func(_ int, k *keys.Key) { k.Workspace, k.AllowedIPs = "acme", []string{"203.0.113.9"} })[0]
}

func wantNamed(t testing.TB, got response, k key) {
	t.Helper()
	if got.status != http.StatusOK || got.header.Get("Keystile-Key-Id") != k.ID {
		t.Errorf("answered %v", got)
	}
}

func aProxyMayAsk(t testing.TB, g *gate) {
	k := acmesBoundKey(g)
	wantNamed(t, asked(g, k, aboutProjects...), k)
}

func theAskingRequestIsJudged(t testing.TB, g *gate) {
	k := acmesBoundKey(g)
	wantNamed(t, asked(g, k), k)
}

func refusalsAreForbidden(t testing.TB, g *gate) {
	got := asked(g, key{Secret: mint(g.options.prefixes, keys.Live)}, aboutProjects...)
	if got.status != http.StatusForbidden || got.header.Get("Keystile-Status") != "401" {
		t.Errorf("answered %v", got)
	}
}
