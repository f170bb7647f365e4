package e2e

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// webToken is a JSON Web Token, unsigned.
const webToken = "eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0."

func tokensAreRefused(t testing.TB, g *gate) {
	wantAnswer(t, g, g.get("/v1/projects", bearer(webToken)), http.StatusUnauthorized, "jwt_not_supported")
}

func tokensPassUntouched(t testing.TB, g *gate) { wantUntouchedToken(t, g, "/v1/projects") }

func oneRoutePassesTokens(t testing.TB, g *gate) {
	wantUntouchedToken(t, g, "/v1/projects/atlas/files")
	tokensAreRefused(t, g)
}

func wantUntouchedToken(t testing.TB, g *gate, target string) {
	t.Helper()
	if got := g.get(target, bearer(webToken)); got.status != http.StatusOK {
		t.Fatalf("answered %v, want 200", got)
	}
	a := g.upstream.one(t)
	if got := a.values("Authorization"); !slices.Equal(got, []string{"Bearer " + webToken}) || a.head.Header.Get("Keystile-Key-Id") != "" {
		t.Errorf("the upstream got %q, want the token and nobody's identity", a.raw)
	}
}

var preflight = []string{"Origin: https://app.example.com", "Access-Control-Request-Method: GET"}

func preflightsNeedAKey(t testing.TB, g *gate) {
	wantAnswer(t, g, g.ask(http.MethodOptions, "/v1/projects", preflight...), http.StatusUnauthorized, "missing_key")
}

func preflightsPass(t testing.TB, g *gate) {
	wantAllowed(t, g, g.ask(http.MethodOptions, "/v1/projects", preflight...))
	wantAnswer(t, g, g.ask(http.MethodOptions, "/v1/projects"), http.StatusUnauthorized, "missing_key")
}

func refusalsAreJSON(t testing.TB, g *gate) {
	got := g.get("/v1/projects")
	var body struct {
		Error struct{ Type, Code, Message string }
	}
	if err := json.Unmarshal([]byte(got.body), &body); err != nil {
		t.Fatalf("answered %v: %v", got, err)
	}
	if kind := got.header.Get("Content-Type"); kind != "application/json" || body.Error.Type != "authentication_error" || body.Error.Code != "missing_key" || body.Error.Message == "" {
		t.Errorf("answered %v of type %q, want an error object of application/json", got, kind)
	}
}

func refusalsAreProblems(t testing.TB, g *gate) {
	got := g.get("/v1/projects")
	if kind := got.header.Get("Content-Type"); kind != "application/problem+json" {
		t.Fatalf("answered %v of type %q, want application/problem+json", got, kind)
	}
	var body struct {
		Type, Title, Code string
		Status            int
	}
	if err := json.Unmarshal([]byte(got.body), &body); err != nil || body.Type == "" || body.Title == "" || body.Code != "missing_key" || body.Status != got.status {
		t.Errorf("answered %v, want the members of RFC 9457: %v", got, err)
	}
}

func refusalsAreTheHouses(t testing.TB, g *gate) {
	got := g.get("/v1/projects")
	if got.status != http.StatusUnauthorized || got.body != "in the style of the house: 401" {
		t.Fatalf("answered %v, want what handle_errors says", got)
	}
	wantRefusalForm(t, got)
}

func theUpstreamGetsNoKey(t testing.TB, g *gate) {
	k := acme(g, "read:projects")
	if got := g.get("/v1/projects", k.bearer()); got.status != http.StatusOK {
		t.Fatalf("answered %v", got)
	}
	if a := g.upstream.one(t); len(a.values("Authorization")) > 0 || strings.Contains(a.raw, k.Secret) {
		t.Errorf("the upstream got %q, want no Authorization", a.raw)
	}
}

func theUpstreamGetsTheKey(t testing.TB, g *gate) {
	k := acme(g, "read:projects")
	if got := g.get("/v1/projects", k.bearer()); got.status != http.StatusOK {
		t.Fatalf("answered %v", got)
	}
	if a := g.upstream.one(t); !slices.Equal(a.values("Authorization"), []string{"Bearer " + k.Secret}) {
		t.Errorf("the upstream got %q, want the Authorization", a.raw)
	}
}

func tokensManage(t testing.TB, g *gate) {
	const admin = "Host: admin.example.com"
	var token struct{ Secret string }
	g.must(&token, "tokens", "create", "a token", "--workspace", "acme")
	g.secret(token.Secret)
	k := acme(g)
	var listed struct{ Data []struct{ ID string } }
	got := g.get("/v1/keys?limit=1000", admin, bearer(token.Secret))
	if err := json.Unmarshal([]byte(got.body), &listed); err != nil || got.status != http.StatusOK {
		t.Fatalf("answered %v: %v", got, err)
	}
	if !slices.ContainsFunc(listed.Data, func(one struct{ ID string }) bool { return one.ID == k.ID }) {
		t.Errorf("%s isn't listed", k.ID)
	}
	if got := g.get("/v1/keys", admin); got.status != http.StatusUnauthorized {
		t.Errorf("without a token: %v", got)
	}
}
