package e2e

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/keystile/keystile/internal/keys"
)

// manners are what neighbours differ in.
type manners struct {
	away       int  // the status while the gate doesn't answer
	saysLimits bool // allowed answers say where limits stand
}

// wantNeighbour checks all that a page promises of its neighbour.
func wantNeighbour(t *testing.T, n *neighbour, m manners) {
	t.Helper()
	read := n.key("--scopes", "read:projects")
	write := n.key("--scopes", "read:projects,write:projects", "--environment", "test")
	for _, check := range []struct {
		name string
		run  func(t *testing.T)
	}{
		{"LEAK-03 what is allowed reaches the upstream with who calls, and without the key", func(t *testing.T) { wantPassed(t, n, m, read) }},
		{"CRED-02 PATH-12 PATH-17 what is refused says why", func(t *testing.T) { wantRefusals(t, n, read) }},
		{"HDR-10 targets with two readings", func(t *testing.T) { wantOneReading(t, n, read) }},
		{"HDR-01 HDR-02 HDR-03 HDR-04 HDR-09 forged identities", func(t *testing.T) { wantNoForgery(t, n, read) }},
		{"HDR-07 HDR-08 forged targets", func(t *testing.T) { wantRealTarget(t, n, read) }},
		{"HDR-05 HDR-06 the client's address", func(t *testing.T) { wantClientAddress(t, n) }},
		{"HDR-11 texts in keys", func(t *testing.T) { wantNamesWhole(t, n) }},
		{"RACE-05 refusals are nobody else's", func(t *testing.T) { wantNothingStored(t, n, read) }},
		{"a limit", func(t *testing.T) { wantLimit(t, n, write) }},
		{"ENUM-04 guesses", func(t *testing.T) { wantGuessesLimited(t, n) }},
	} {
		t.Run(check.name, check.run)
	}
	n.stop()
	got := n.front.get("/v1/projects", read.bearer())
	wantAnswer(t, n.front, got, m.away, "")
}

func wantPassed(t *testing.T, n *neighbour, m manners, k key) {
	t.Helper()
	for _, method := range []string{http.MethodGet, http.MethodHead} {
		got := n.front.ask(method, "/v1/projects?page=2&q=a%2Fb", k.bearer())
		if got.status != http.StatusOK {
			t.Fatalf("%s: answered %v", method, got)
		}
		a := n.upstream.one(t)
		if a.head.Method != method || a.head.RequestURI != "/v1/projects?page=2&q=a%2Fb" || strings.Contains(a.raw, k.Secret) {
			t.Errorf("the upstream got %q", a.raw)
		}
		wantTold(t, a, k.identity("read:projects"))
		if limit := got.header.Get("X-RateLimit-Limit"); m.saysLimits && (limit != "200" || got.header.Get("X-RateLimit-Remaining") == "" || got.header.Get("X-RateLimit-Reset") == "") {
			t.Errorf("the caller isn't told where its limit stands: %v", got.header)
		}
	}
	if got := n.front.get("/healthz"); got.status != http.StatusOK {
		t.Errorf("a public route: answered %v", got)
	}
	wantTold(t, n.upstream.one(t), nil)
}

// wantTold checks who the upstream was told calls: no more than that, and
// nothing of what isn't in want.
func wantTold(t *testing.T, a arrival, want map[string]string) {
	t.Helper()
	for name, values := range a.head.Header {
		if strings.HasPrefix(strings.ToLower(name), "keystile") && (len(values) != 1 || !slices.Contains(identityNames, name)) {
			t.Errorf("the upstream got %s %q", name, values)
		}
	}
	for _, name := range identityNames {
		if got := a.head.Header.Get(name); got != want[strings.TrimPrefix(name, "Keystile-")] {
			t.Errorf("the upstream got %s %q, want %q", name, got, want[strings.TrimPrefix(name, "Keystile-")])
		}
	}
}

func wantRefusals(t *testing.T, n *neighbour, k key) {
	t.Helper()
	post := n.front.request(http.MethodPost, "/v1/projects", k.bearer(), "Content-Length: 3", "Connection: close") + "a=b"
	wantAnswer(t, n.front, n.front.send(post), http.StatusForbidden, "insufficient_scope")
	wantBadRequest(t, n, n.front.get("/v1/projects", k.bearer(), k.bearer()), "multiple_credentials")
	tryAll(t, n.front, []attempt{
		{name: "no key", target: "/v1/projects", status: http.StatusUnauthorized, code: "missing_key"},
		{name: "garbage", target: "/v1/projects", lines: []string{bearer("garbage")}, status: http.StatusUnauthorized, code: "malformed_key"},
		{name: "unknown", target: "/v1/projects", lines: []string{bearer(mint(nil, keys.Live))}, status: http.StatusUnauthorized, code: "unknown_key"},
		{name: "unlisted", target: "/v1/other", lines: []string{k.bearer()}, status: http.StatusForbidden, code: "route_not_allowed"},
		{name: "an unlisted method", method: "DELETE", target: "/v1/projects", lines: []string{k.bearer()}, status: http.StatusForbidden, code: "route_not_allowed"},
		{name: "a query that looks like a route", target: "/v1/other?/healthz", lines: []string{k.bearer()}, status: http.StatusForbidden, code: "route_not_allowed"},
	})
}

// wantBadRequest checks the refusal of a request that some neighbours refuse themselves.
func wantBadRequest(t *testing.T, n *neighbour, got response, code string) {
	t.Helper()
	if got.status != http.StatusBadRequest || got.code() != code && got.code() != "" {
		t.Errorf("answered %v, want 400 %s", got, code)
	}
	n.upstream.untouched(t)
}

func wantOneReading(t *testing.T, n *neighbour, k key) {
	t.Helper()
	for _, target := range []string{"//v1/projects", "/v1//projects", "/v1%2Fprojects", "/healthz/../v1/projects", "/healthz/%2e%2e/v1/projects", "/v1/projects%00"} {
		wantBadRequest(t, n, n.front.get(target, k.bearer()), "ambiguous_path")
	}
}

// forged are header lines in the gate's name that a neighbour must not hand on.
var forged = [][]string{
	{"Keystile-Key-Id: evil"}, {"Keystile-Key-Id: evil", "keystile-key-id: evil"}, {"KEYSTILE-PROJECT: evil", "Keystile-Profile: evil"},
	{"Keystile_Key_Id: evil"}, {"Keystile-Key_Id: evil", "keystile_owner: evil"}, {"Keystile.Key.Id: evil"}, {"Keystile-Would-Deny: evil"},
	{"Connection: Keystile-Key-Id", "Keystile-Key-Id: evil"}, {"Connection: close, Keystile-Project", "Keystile-Project: evil"},
}

func wantNoForgery(t *testing.T, n *neighbour, k key) {
	t.Helper()
	for _, lines := range forged {
		for target, want := range map[string]map[string]string{"/v1/projects": k.identity("read:projects"), "/healthz": nil} {
			got := n.front.get(target, append([]string{k.bearer()}, lines...)...)
			if got.status == http.StatusBadRequest {
				n.upstream.untouched(t)
				continue // no proxy has to take such a request
			}
			if got.status != http.StatusOK {
				t.Errorf("%q: answered %v", lines, got)
				continue
			}
			a := n.upstream.one(t)
			if strings.Contains(a.raw, "evil") {
				t.Errorf("%q: the upstream got %q", lines, a.raw)
			}
			wantTold(t, a, want)
		}
	}
}

func wantRealTarget(t *testing.T, n *neighbour, k key) {
	t.Helper()
	for _, line := range []string{
		"X-Forwarded-Uri: /healthz", "X-Forwarded-URI: /healthz", "X-Original-URI: /healthz", "X-Original-URL: http://api.example/healthz",
		"X-Original-Method: GET", "X-Forwarded-Method: GET", "X-Forwarded-Host: evil", "X_Original_URI: /healthz", "Keystile-Status: 200",
		"Connection: X-Forwarded-Uri, X-Forwarded-Method, X-Forwarded-For, X-Original-URI",
	} {
		wantAnswer(t, n.front, n.front.get("/v1/projects", line), http.StatusUnauthorized, "missing_key")
		wantAnswer(t, n.front, n.front.ask("DELETE", "/v1/projects", line, k.bearer()), http.StatusForbidden, "route_not_allowed")
		if got := n.front.get("/v1/projects", line, k.bearer()); got.status != http.StatusOK {
			t.Errorf("%s keeps a good request out: %v", line, got)
		}
		n.upstream.one(t)
	}
}

func wantClientAddress(t *testing.T, n *neighbour) {
	t.Helper()
	k := n.key("--scopes", "read:projects", "--allowed-ips", "127.0.0.2")
	for from, status := range map[string]int{"127.0.0.2": http.StatusOK, "127.0.0.3": http.StatusForbidden, "127.0.0.1": http.StatusForbidden} {
		for _, line := range []string{"X-Other: x", "X-Forwarded-For: 127.0.0.2", "X-Forwarded-For: 127.0.0.9, 127.0.0.2", "X-Real-IP: 127.0.0.2", "Forwarded: for=127.0.0.2"} {
			got := n.front.askFrom(t, from, line, k)
			if got.status != status || status != http.StatusOK && got.code() != "ip_not_allowed" {
				t.Errorf("from %s with %s: answered %v, want %d", from, line, got, status)
			}
			n.upstream.seen()
		}
	}
}

// askFrom asks for the projects from a local address.
func (g *gate) askFrom(t *testing.T, from, line string, k key) response {
	t.Helper()
	c, err := dialFrom(from, g.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	got, err := c.exchange(g.request(http.MethodGet, "/v1/projects", k.bearer(), line, "Connection: close"))
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// wantLimit sends requests with a body until the bucket of ten is empty.
func wantLimit(t *testing.T, n *neighbour, k key) {
	t.Helper()
	const bucket, most = 10, 100
	for i := range most {
		got := n.front.send(n.front.request(http.MethodPost, "/v1/projects", k.bearer(), "Content-Length: 3", "Connection: close") + "a=b")
		if got.status == http.StatusOK {
			if a := n.upstream.one(t); a.body != "a=b" || a.head.Method != http.MethodPost {
				t.Fatalf("the upstream got %q", a.raw)
			}
			continue
		}
		wantAnswer(t, n.front, got, http.StatusTooManyRequests, "rate_limited")
		if wait, err := strconv.Atoi(got.header.Get("Retry-After")); err != nil || wait < 1 || got.header.Get("X-RateLimit-Remaining") != "0" {
			t.Errorf("a 429 says %v", got.header)
		}
		if i < bucket {
			t.Errorf("refused after %d", i)
		}
		return
	}
	t.Errorf("%d requests passed a bucket of %d", most, bucket)
}

func wantGuessesLimited(t *testing.T, n *neighbour) {
	t.Helper()
	const burst, most = 100, 1000
	for i := range most {
		got := n.front.get("/v1/projects", bearer(mint(nil, keys.Live)))
		if got.status == http.StatusUnauthorized {
			continue
		}
		wantAnswer(t, n.front, got, http.StatusTooManyRequests, "rate_limited")
		if got.header.Get("Retry-After") == "" || i < burst/2 { // other checks guess, too
			t.Errorf("after %d guesses: %v", i, got.header)
		}
		return
	}
	t.Errorf("%d guesses passed a bucket of %d", most, burst)
}
