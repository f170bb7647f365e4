package e2e

import (
	"net/http"
	"strings"
	"testing"
)

// pathPolicy is the table that the tests of paths ask: admin within what is
// open to fewer scopes.
const pathPolicy = `
	route GET /public/* public
	route GET /v1/* read
	route GET /v1/admin admin
	route GET /v1/public read
	route GET /objects/{id} read {
		paths loose
	}`

func TestPathWithTwoReadingsIsRefusedWhoeverAsks(t *testing.T) {
	t.Parallel()
	g := setup(t, options{policy: pathPolicy})
	k := g.key("--scopes", "all")
	for _, lines := range [][]string{nil, {k.bearer()}} {
		for id, targets := range ambiguous {
			tryAll(t, g, refused(id, http.StatusBadRequest, "ambiguous_path", lines, targets...))
		}
	}
	for i, line := range strings.Split(g.log(), "\n") {
		if strings.ContainsFunc(line, func(c rune) bool { return c < ' ' || c == 0x7f }) {
			t.Errorf("PATH-06: line %d of the log holds a raw control byte: %q", i+1, line)
		}
	}
}

// ambiguous are targets by the rows of the catalogue.
var ambiguous = map[string][]string{
	"PATH-01": {"//v1/admin", "/v1//admin", "/v1/admin//", "//", "///", "/public//x", "//evil.test/v1/admin"},
	"PATH-02": {
		"/public/../v1/admin", "/v1/./admin", "/v1/admin/.", "/..", "/.", "/v1/..", "/public/..;/v1/admin",
		"/public/..;x=1/v1/admin", "/public/.;/x",
	},
	"PATH-03": {
		"/public/%2e%2e/v1/admin", "/%2E%2e/", "/.%2e/", "/%2e./v1/admin", "/public/%2e/x", "/public/%2e%2e;x/v1/admin",
		"/public/..%3b/v1/admin", "/public/%2e%2e%3Bx/v1/admin",
	},
	"PATH-04": {"/public%2f..%2fv1/admin", "/v1%2Fadmin", "/v1/%2fadmin", "/%2f", "/v1/admin%2f"},
	"PATH-05": {`/v1\admin`, `/public\..\v1\admin`, "/v1%5cadmin", "/v1%5Cadmin", `/\evil.test/`},
	"PATH-06": {"/v1/admin%00", "/v1/admin%0d%0a", "/v1/admin%0aX:%20y", "/v1/admin%09", "/v1/admin%7f", "/v1/admin%1f", "/%00/v1/admin"},
	"PATH-07": {"/%252e%252e/v1/admin", "/v1%252fadmin", "/v1/admin%2500", "/v1/%2561dmin", "/public/%25%32%65%25%32%65/v1/admin"},
	"PATH-08": {
		"/v1/public#/../admin", "/v1/public#", "/#", "/v1/public?a=b#c", "/v1/public%23/admin", "/v1/public%3f/admin", "/v1/public%3Fx=1", "/public/%23",
	},
	"PATH-16": {
		"/%c0%ae%c0%ae/", "/v1%c0%afadmin", "/v1\xc0\xafadmin", "/%ff", "/v1/\xfe", "/%ed%a0%80", "/%e0%80%af", "/%f8%80%80%80%af",
	},
}

func TestTargetThatIsNoPathIsNotServed(t *testing.T) {
	t.Parallel()
	g := setup(t, options{policy: "default allow"})
	k := g.key("--scopes", "all")
	for _, target := range []string{"*", "http:evil/x", "http:/v1/admin", "http:///v1/admin", "ftp://evil.test/v1/admin", "evil.test:80"} {
		t.Run("PATH-09 GET "+target, func(t *testing.T) {
			got := g.get(target, k.bearer())
			if got.status != http.StatusBadRequest {
				t.Errorf("answered %v", got)
			}
			g.upstream.untouched(t)
		})
	}
	for _, target := range []string{"evil.test:443", g.upstream.addr, "/v1/admin", "http://evil.test/"} {
		t.Run("PATH-09 CONNECT "+target, func(t *testing.T) {
			got := g.ask(http.MethodConnect, target, k.bearer())
			if got.status != http.StatusBadRequest && got.status != http.StatusMethodNotAllowed {
				t.Errorf("answered %v", got)
			}
			g.upstream.untouched(t)
		})
	}
	t.Run("PATH-10 OPTIONS *", func(t *testing.T) {
		g.ask(http.MethodOptions, "*", k.bearer())
		g.upstream.untouched(t)
	})
}

func TestLooseRouteTakesOddSpellingsButNoDotSegments(t *testing.T) {
	t.Parallel()
	g := setup(t, options{policy: pathPolicy})
	k := g.key("--scopes", "read")
	for _, target := range []string{"/objects/a%2Fb", "/objects/a%2fb%5Cc", "/objects/a%3Fb%23c", "/objects/a%252Fb"} {
		t.Run("PATH-04 "+target, func(t *testing.T) {
			if got := g.get(target, k.bearer()); got.status != http.StatusOK {
				t.Fatalf("answered %v", got)
			}
			wantRequestLine(t, g, "GET "+target+" HTTP/1.1")
		})
	}
	tryAll(t, g, refused("PATH-04", http.StatusBadRequest, "ambiguous_path", []string{k.bearer()},
		"/objects/a%2F..%2Fb", "/objects/%2e%2e%2fv1%2fadmin", "/objects/..%5cv1", "/objects/a%2F%252e%252e%2Fb",
		"/objects/..;a%2Fb", "/objects/a%00", "/objects/../v1/admin",
	))
	// One opaque segment: what is behind the slash is not a way to other routes.
	tryAll(t, g, refused("PATH-04", http.StatusForbidden, "route_not_allowed", []string{k.bearer()}, "/objects/a/b"))
}

// wantRequestLine checks the first line of the one request that has arrived.
func wantRequestLine(t *testing.T, g *gate, want string) {
	t.Helper()
	line, _, _ := strings.Cut(g.upstream.one(t).raw, "\r\n")
	if line != want {
		t.Errorf("the upstream got %q, want %q", line, want)
	}
}
