package e2e

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What the gate in front of the upstream answers and what verify answers about
// the same request are the same, but for the ID of the request.
func TestVerifyDecidesAsTheGateDoes(t *testing.T) {
	t.Parallel()
	a := setupAsked(t, options{policy: pathPolicy, app: "rate_limit live 1000/s burst 100000"}, asksHere)
	keys := map[string][]string{
		"no key": nil, "read": {a.key("--scopes", "read").bearer()}, "admin": {a.key("--scopes", "read,admin").bearer()}, "garbage": {"Authorization: Basic eA=="},
		"unknown": {bearer(resum("ks_live_" + strings.Repeat("7", 36)))}, "twice": {bearer("a"), bearer("b")}, "JWT": {bearer("eyJhbGciOiJIUzI1NiJ9.e30.x")},
		"revoked": {a.dead().bearer()},
	}
	targets := []string{"/v1/admin", "/v1/admin/", "/v1/admin;x", "/V1/ADMIN", "/v1/%61dmin", "/v1/items?x=/public/", "/v1/new", "/public/x", "/", "//v1/admin"}
	for name, lines := range keys {
		for _, method := range []string{"GET", "POST", "OPTIONS", "get", "FOO"} {
			for _, target := range targets {
				gate := a.ask(method, target, lines...)
				a.upstream.seen()
				verify := a.about(method, target, lines...)
				if diff := cmp.Diff(told(gate), told(verify)); diff != "" {
					t.Errorf("%s, %s %s (-gate +verify):\n%s", name, method, target, diff)
				}
			}
		}
	}
}

// told is what an answer says besides who answers: of an allowed one, only
// that it is.
func told(r response) (of []string) {
	of = []string{strconv.Itoa(r.status), r.header.Get("WWW-Authenticate"), r.header.Get("RateLimit-Policy")}
	if r.status == http.StatusOK {
		return of
	}
	var body struct {
		Error map[string]any `json:"error"`
	}
	if err := json.Unmarshal([]byte(r.body), &body); err != nil {
		return append(of, r.body)
	}
	delete(body.Error, "request_id")
	text, _ := json.Marshal(body.Error) // it was JSON
	return append(of, string(text), r.header.Get("Content-Type"), r.header.Get("Cache-Control"))
}

// dead makes a key, and ends it.
func (g *gate) dead() key {
	g.t.Helper()
	k := g.key()
	g.must(nil, "keys", "revoke", k.ID)
	eventually(g.t, startWithin, "the revocation is in force", func() bool { return g.get("/", k.bearer()).code() == "revoked_key" })
	g.upstream.seen()
	return k
}

func TestVerifyTakesFromTheLimitsAndSaysWhereTheyStand(t *testing.T) {
	t.Parallel()
	a := setupAsked(t, options{app: "rate_limit live 1/h burst 3", policy: "route GET /v1/items read"}, asksHere)
	k := a.key("--scopes", "read")
	for left := 2; left >= 0; left-- {
		got := a.about("GET", "/v1/items", k.bearer())
		wantIdentity(t, "within the limit", got, k.identity("read"))
		if has := got.header.Get("X-RateLimit-Remaining"); has != strconv.Itoa(left) || got.header.Get("RateLimit") == "" {
			t.Errorf("%s left, want %d", has, left)
		}
	}
	got := a.about("GET", "/v1/items", k.bearer())
	wantRefused(t, "beyond it", got, http.StatusTooManyRequests, "rate_limited")
	if got.header.Get("Retry-After") == "" || got.header.Get("X-RateLimit-Remaining") != "0" {
		t.Errorf("a 429 says %v", got.header)
	}
	if got := a.get("/v1/items", k.bearer()); got.code() != "rate_limited" {
		t.Errorf("the gate beside it has another bucket: %v", got)
	}
}

func TestDenyStatusPutsTheRefusalIntoHeaders(t *testing.T) {
	t.Parallel()
	a := setupAsked(t, options{app: "rate_limit live 1/h burst 1", policy: "route GET /v1/items read\nroute GET /v1/admin admin"}, asksHere+"\ndeny_status 403")
	k := a.key("--scopes", "read")
	wantIdentity(t, "allowed", a.about("GET", "/v1/items", k.bearer()), k.identity("read"))
	for _, one := range []struct {
		target string
		lines  []string
		status int
		code   string
	}{
		{"/v1//items", nil, http.StatusBadRequest, "ambiguous_path"},
		{"/v1/items", nil, http.StatusUnauthorized, "missing_key"},
		{"/v1/admin", []string{k.bearer()}, http.StatusForbidden, "insufficient_scope"},
		{"/v1/items", []string{k.bearer()}, http.StatusTooManyRequests, "rate_limited"},
	} {
		got := a.about("GET", one.target, one.lines...)
		wantRefused(t, one.code, got, http.StatusForbidden, one.code)
		if status := got.header.Get("Keystile-Status"); status != strconv.Itoa(one.status) {
			t.Errorf("%s: Keystile-Status %q, want %d", one.code, status, one.status)
		}
		if inHeader := got.header.Get("Keystile-Error"); inHeader != strings.TrimSpace(got.body) {
			t.Errorf("%s: Keystile-Error %q, the body %q", one.code, inHeader, got.body)
		}
		if challenged := got.header.Get("WWW-Authenticate") != ""; challenged != (one.status == 401 || one.code == "insufficient_scope") {
			t.Errorf("%s: WWW-Authenticate %q", one.code, got.header.Get("WWW-Authenticate"))
		}
		if waits := got.header.Get("Retry-After") != ""; waits != (one.status == 429) {
			t.Errorf("%s: Retry-After %q", one.code, got.header.Get("Retry-After"))
		}
	}
}

func TestVerifyInObserveModeLetsEverythingThroughAndSaysWhy(t *testing.T) {
	t.Parallel()
	a := setupAsked(t, options{policy: "mode observe\nroute GET /v1/items read"}, asksHere)
	got := a.about("GET", "/v1/items")
	wantIdentity(t, "no key", got, nil)
	if code := got.header.Get("Keystile-Would-Deny"); code != "missing_key" {
		t.Errorf("Keystile-Would-Deny %q", code)
	}
	k := a.key("--scopes", "read")
	if got := a.about("GET", "/v1/items", k.bearer()); got.header.Get("Keystile-Would-Deny") != "" {
		t.Errorf("a good key: %v", got.header)
	}
}

// Envoy asks with the method and the path of the client's request itself.
func TestVerifyOfTheAskingRequestItself(t *testing.T) {
	t.Parallel()
	a := setupAsked(t, options{policy: "route POST /v1/items read\nroute GET /public public"}, asksHere+"\ntarget request")
	k := a.key("--scopes", "read", "--allowed-ips", "192.0.2.7")
	client := "X-Forwarded-For: 203.0.113.9, 192.0.2.7"
	wantIdentity(t, "allowed", a.exactly("POST", "/v1/items?x=1", k.bearer(), client), k.identity("read"))
	wantRefused(t, "another method", a.exactly("GET", "/v1/items", k.bearer(), client, "X-Forwarded-Method: POST"), http.StatusForbidden, "route_not_allowed")
	wantRefused(t, "what headers say", a.exactly("POST", "/v1/items", "X-Forwarded-Uri: /public", "X-Forwarded-Method: GET"), http.StatusUnauthorized, "missing_key")
	wantRefused(t, "two readings", a.exactly("POST", "//v1/items", k.bearer(), client), http.StatusBadRequest, "ambiguous_path")
	wantRefused(t, "another client", a.exactly("POST", "/v1/items", k.bearer(), "X-Forwarded-For: 192.0.2.7, 203.0.113.9"), http.StatusForbidden, "ip_not_allowed")
	wantRefused(t, "a client that nobody tells of", a.exactly("POST", "/v1/items", k.bearer()), http.StatusForbidden, "ip_not_allowed")
}
