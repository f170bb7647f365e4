package e2e

import (
	"net/http"
	"testing"
)

func TestWhatIsNotListedIsRefusedToEveryKey(t *testing.T) {
	t.Parallel()
	g := setup(t, options{policy: "route GET /v1/items read\nroute GET /v1/items/{id} read"})
	all, read := g.key("--scopes", "all"), g.key("--scopes", "read")
	for _, k := range []key{all, read} {
		tryAll(t, g, refused("PATH-12", http.StatusForbidden, "route_not_allowed", []string{k.bearer()},
			"/v1/new", "/", "/v1", "/v1/", "/v1/items/1/more", "/v1/item", "/v2/items",
		))
	}
}

// A key that may read everything but admin tries all spellings of admin that
// an upstream may take for it.
func TestVariantOfAPathNeverNeedsLessThanThePathItself(t *testing.T) {
	t.Parallel()
	g := setup(t, options{policy: pathPolicy})
	k := g.key("--scopes", "read")
	variants := map[string][]string{
		"PATH-13": {
			"/v1/admin/", "/v1/admin.", "/v1/admin..", "/v1/admin%20", "/v1/admin%2e", "/v1/admin;x=1", "/v1/admin;", "/v1/admin%3bx=1",
			"/v1/admin;x=1/", "/v1/admin%20/", "/v1/admin/;", "/v1/admin/%20", "/v1/admin%20;x",
		},
		"PATH-14": {"/V1/ADMIN", "/v1/Admin", "/V1/admin", "/v1/ADMIN/", "/v1/%41dmin", "/V1/ADMIN;x", "/v1/aDMIN."},
		"PATH-15": {"/v1/%61dmin", "/v1/%61%64%6d%69%6e", "/%761/admin", "/%56%31/admin"},
		"PATH-17": {"/v1/admin?x=/public/health", "/v1/admin?/public/", "/v1/admin?/../public/x", "/v1/admin?", "/v1/admin?x=1;y=2"},
	}
	for id, targets := range variants {
		for _, target := range targets {
			t.Run(id+" "+target, func(t *testing.T) {
				got := g.get(target, k.bearer())
				if got.status != http.StatusForbidden && got.status != http.StatusBadRequest {
					t.Errorf("answered %v to a key without the scope admin", got)
				}
				g.upstream.untouched(t)
			})
		}
	}
	tryAll(t, g, refused("PATH-17", http.StatusForbidden, "insufficient_scope", []string{k.bearer()}, variants["PATH-17"]...))
	tryAll(t, g, refused("PATH-15", http.StatusForbidden, "insufficient_scope", []string{k.bearer()}, "/v1/%61dmin"))
}

func TestEscapedPathIsForwardedAsItWasSent(t *testing.T) {
	t.Parallel()
	g := setup(t, options{policy: "route GET /v1/café read\nroute GET /v1/{x}/end read\nroute GET /v1/admin admin"})
	k := g.key("--scopes", "read,admin")
	for _, target := range []string{
		"/v1/caf%c3%a9", "/v1/caf%C3%A9", "/v1/c%61f%c3%A9", "/v1/%61dmin", "/v1/a%20b/end", "/v1/a+b/end?q=%2F..%2f&x=a;b",
		"/v1/a/end?q=a\\b&r=//&s=/../", "/v1/a:b@c/end", "/v1/(x)!$&'/end", "/v1/a;p=1/end",
	} {
		t.Run("PATH-15 "+target, func(t *testing.T) {
			if got := g.get(target, k.bearer()); got.status != http.StatusOK {
				t.Fatalf("answered %v", got)
			}
			wantRequestLine(t, g, "GET "+target+" HTTP/1.1")
		})
	}
	t.Run("PATH-15 raw bytes are escaped, and decided as such", func(t *testing.T) {
		g.get("/v1/caf\xc3\xa9", k.bearer())
		wantRequestLine(t, g, "GET /v1/caf%C3%A9 HTTP/1.1")
	})
}

// twoHosts are a host that is open and one that is not, on one listener.
const twoHosts = `
http://open.test:$PORT {
	bind 127.0.0.1
	keystile {
		route GET /v1/x public
	}
	reverse_proxy $UPSTREAM
}
http://api.test:$PORT {
	bind 127.0.0.1
	keystile {
		route GET /v1/x admin
	}
	reverse_proxy $UPSTREAM
}`

func TestAbsoluteTargetDecidesWhichHostIsMeant(t *testing.T) {
	t.Parallel()
	g := setup(t, options{sites: twoHosts})
	read, admin := g.key("--scopes", "read"), g.key("--scopes", "admin")
	const target = "http://api.test/v1/x"
	tryAll(t, g, []attempt{
		{name: "the open host by itself", target: "/v1/x", lines: []string{"Host: open.test"}, status: http.StatusOK},
		{name: "PATH-11 no key", target: target, lines: []string{"Host: open.test"},
			status: http.StatusUnauthorized, code: "missing_key"},
		{name: "PATH-11 key without the scope", target: target, lines: []string{"Host: open.test", read.bearer()},
			status: http.StatusForbidden, code: "insufficient_scope"},
		{name: "PATH-11 key with the scope", target: target, lines: []string{"Host: open.test", admin.bearer()}, status: http.StatusOK},
		{name: "PATH-11 open host in the target", target: "http://open.test/v1/x", lines: []string{"Host: api.test"}, status: http.StatusOK},
		{name: "PATH-11 path with two readings", target: "http://open.test/v1//x", lines: []string{"Host: api.test"},
			status: http.StatusBadRequest, code: "ambiguous_path"},
	})
}

func TestSpellingOfTheHostNeverOpensASite(t *testing.T) {
	t.Parallel()
	g := setup(t, options{sites: twoHosts, policy: "route GET /v1/x other"})
	k := g.key("--scopes", "read")
	for _, host := range []string{
		"API.TEST", "api.test.", "api.test:80", "Api.Test:8080", "unknown.test", "api.test,open.test", "", "[::1]", "127.0.0.1", "api.test@open.test",
	} {
		for who, lines := range map[string][]string{"no key": nil, "key without the scope": {k.bearer()}} {
			t.Run("PATH-18 "+host+" "+who, func(t *testing.T) {
				got := g.get("/v1/x", append(lines, "Host: "+host)...)
				if got.status == http.StatusOK && got.body != "" {
					t.Errorf("answered %v", got)
				}
				g.upstream.untouched(t)
			})
		}
	}
}
