package e2e

import (
	"net/http"
	"strings"
	"testing"
)

func TestMethodIsDecidedAsItIsSent(t *testing.T) {
	t.Parallel()
	g := setup(t, options{policy: "route GET /v1/admin admin\nroute POST /v1/items write\nroute DELETE /v1/items delete\nroute * /v1/any read"})
	none, admin, all := g.key("--scopes", "read"), g.key("--scopes", "admin"), g.key("--scopes", "all")
	const path = "/v1/admin"
	attempts := []attempt{
		{name: "METH-01 HEAD without a key", method: "HEAD", target: path, status: http.StatusUnauthorized},
		{name: "METH-01 HEAD without the scope", method: "HEAD", target: path, lines: []string{none.bearer()}, status: http.StatusForbidden},
		{name: "METH-01 HEAD with the scope", method: "HEAD", target: path, lines: []string{admin.bearer()}, status: http.StatusOK},
		{name: "METH-05 preflight without a key", method: "OPTIONS", target: path, status: http.StatusUnauthorized, code: "missing_key",
			lines: []string{"Origin: https://app.test", "Access-Control-Request-Method: GET"}},
	}
	for _, method := range []string{"TRACE", "get", "Get", "gEt", "FOO", "head", "POST", "GET_", "PRI"} {
		id := "METH-04 "
		if method == "TRACE" {
			id = "METH-03 "
		}
		attempts = append(attempts, attempt{name: id + method, method: method, target: path, lines: []string{all.bearer()},
			status: http.StatusForbidden, code: "route_not_allowed"})
	}
	for _, method := range []string{"TRACE", "get", "FOO"} {
		attempts = append(attempts, attempt{name: "METH-04 no wildcard takes " + method, method: method, target: "/v1/any",
			lines: []string{all.bearer()}, status: http.StatusForbidden, code: "route_not_allowed"})
	}
	tryAll(t, g, attempts)
}

func TestUnknownMethodIsRefusedWhereTheDefaultIsAllow(t *testing.T) {
	t.Parallel()
	g := setup(t, options{})
	k := g.key("--scopes", "all")
	for _, method := range []string{"TRACE", "get", "FOO"} {
		tryAll(t, g, []attempt{{name: "METH-03 METH-04 " + method, method: method, target: "/", lines: []string{k.bearer()},
			status: http.StatusForbidden, code: "route_not_allowed"}})
	}
}

func TestMethodOverridesAreNeitherObeyedNorForwarded(t *testing.T) {
	t.Parallel()
	g := setup(t, options{policy: "route POST /v1/items write\nroute DELETE /v1/items delete"})
	k := g.key("--scopes", "write")
	for _, name := range []string{
		"X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "x-http-method-override", "X-Http_Method-Override", "X_HTTP_Method",
	} {
		t.Run("METH-02 "+name, func(t *testing.T) {
			got := g.ask(http.MethodPost, "/v1/items", k.bearer(), name+": DELETE", "Content-Length: 0")
			if got.status != http.StatusOK {
				t.Fatalf("answered %v", got)
			}
			if a := g.upstream.one(t); strings.Contains(strings.ToLower(a.raw), "method") || a.head.Method != http.MethodPost {
				t.Errorf("the upstream got %q", a.raw)
			}
		})
	}
	tryAll(t, g, []attempt{{name: "METH-02 the method itself", method: "DELETE", target: "/v1/items", lines: []string{k.bearer()},
		status: http.StatusForbidden, code: "insufficient_scope"}})
}
