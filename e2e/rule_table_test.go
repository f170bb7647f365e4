package e2e

import (
	"net/http"
	"strings"
	"testing"
)

func TestRULE03WhatTheTableDoesNotListIsRefusedToEveryKey(t *testing.T) {
	t.Parallel()
	g := setup(t, options{policy: "route GET /v1/items read\nroute POST /v1/items write\nroute GET /v1/items/{id} read\nroute GET /v1/files/* read\nroute * /v1/any read"})
	all := g.key("--scopes", "all")
	const unlisted = "403 route_not_allowed"
	refuse := func(name, line string) oddity { return oddity{name, line + " HTTP/1.1", unlisted} }
	g.tryOddities(t, all,
		refuse("one letter more", "GETS /v1/items"),
		refuse("one letter less", "GE /v1/items"),
		refuse("a line below", "_GET /v1/items"),
		refuse("a point behind", "GET. /v1/items"),
		refuse("another word for it", "QUERY /v1/items"),
		refuse("a method of file servers", "PROPFIND /v1/items"),
		refuse("a method of caches", "PURGE /v1/items"),
		refuse("a method with a hyphen", "M-SEARCH /v1/items"),
		refuse("one half in capitals", "POst /v1/items"),
		refuse("two methods", "GET|POST /v1/items"),
		refuse("a star", "* /v1/items"),
		refuse("a method that isn't listed there", "DELETE /v1/items/1"),
		oddity{"HEAD of another path", "HEAD /v1/other HTTP/1.1", "403"},
		refuse("a wildcard takes no unknown method", "FETCH /v1/any"),
		refuse("nor one in lower case", "post /v1/any"),
		refuse("an ending", "GET /v1/items.json"),
		refuse("two segments for one wildcard", "GET /v1/items/1/2"),
		refuse("a slash behind the path", "GET /v1/items/1/"),
		refuse("a folder without its slash", "GET /v1/files"),
		refuse("a version before", "GET /api/v1/items"),
		refuse("a path within a path", "GET /x/v1/items"),
		refuse("a longer name", "GET /v1/itemsx"),
		refuse("a well-known place", "GET /.well-known/openid-configuration"),
		refuse("Caddy's own", "GET /config/"),
		oddity{"a method with a NUL", "G\x00ET /v1/items HTTP/1.1", "400"},
		oddity{"a method that isn't ASCII", "GÉT /v1/items HTTP/1.1", "400"},
		oddity{"no method", " /v1/items HTTP/1.1", "400"},
		oddity{"a listed one", "GET /v1/items HTTP/1.1", "GET /v1/items HTTP/1.1"},
		oddity{"braces are a name like any", "GET /v1/items/{id} HTTP/1.1", "GET /v1/items/{id} HTTP/1.1 | GET /v1/items/%7Bid%7D HTTP/1.1"},
		oddity{"what is below a folder", "GET /v1/files/ HTTP/1.1", "GET /v1/files/ HTTP/1.1"},
	)
	// And nobody learns of what is there without a key.
	g.tryOddities(t, key{Secret: "none"}, oddity{"no key, a listed path", "GET /v1/items HTTP/1.1\r\nHost: $HOST\r\n", "401 missing_key"},
		oddity{"no key, another one", "GET /v1/other HTTP/1.1\r\nHost: $HOST\r\n", "401 missing_key"})
}

func TestRULE08NothingButAWebSocketIsUpgradedAndNoHeaderChangesTheMethod(t *testing.T) {
	t.Parallel()
	g := setup(t, options{
		upstream: newUpstream(t, answerWebSocket), policy: "route GET /v1/socket read\nroute POST /v1/items write",
		global: "servers {\n expected_underscore_headers x-http_method x_method_override x-method_override http2_settings\n expected_dot_headers x.*\n}", // else Caddy drops them
	})
	k := g.key("--scopes", "read,write")
	for name, lines := range map[string]string{
		"HTTP/2 by its name":          "Connection: Upgrade\r\nUpgrade: HTTP/2.0",
		"h2":                          "Connection: Upgrade\r\nUpgrade: h2",
		"websocket with a version":    "Connection: Upgrade\r\nUpgrade: websocket/13",
		"websocket with a parameter":  "Connection: Upgrade\r\nUpgrade: websocket;q=1",
		"websocket in quotes":         "Connection: Upgrade\r\nUpgrade: \"websocket\"",
		"websocket and a comma":       "Connection: Upgrade\r\nUpgrade: websocket,",
		"a blank within":              "Connection: Upgrade\r\nUpgrade: web socket",
		"an empty line and h2c":       "Connection: Upgrade\r\nUpgrade:\r\nUpgrade: h2c",
		"h2c under an underscore":     "Connection: Upgrade\r\nUpgrade: h2c\r\nHTTP2_Settings: AAMAAABkAARAAAAAAAIAAAAA",
		"connect-udp":                 "Connection: Upgrade\r\nUpgrade: connect-udp\r\nCapsule-Protocol: ?1",
		"a database's protocol":       "Connection: Upgrade\r\nUpgrade: postgres",
		"websocket that isn't joined": "Connection: keep-alive\r\nUpgrade: websocket\r\n" + handshake,
		"a letter that looks alike":   "Connection: Upgrade\r\nUpgrade: websoc\u212aet\r\n" + handshake,
	} {
		t.Run(name, func(t *testing.T) {
			got := g.get("/v1/socket", append(strings.Split(lines, "\r\n"), k.bearer())...)
			if got.status != http.StatusOK && got.status != http.StatusBadRequest {
				t.Errorf("answered %v", got)
			}
			for _, a := range g.upstream.seen() {
				if raw := strings.ToLower(a.raw); strings.Contains(raw, "\r\nupgrade") || strings.Contains(raw, "http2") {
					t.Errorf("the upstream got %q", a.raw)
				}
			}
		})
	}
	for _, name := range []string{
		"X-HTTP-METHOD-OVERRIDE", "X.HTTP.Method.Override", "X-Http_Method", "x_method_override", "X-Method_Override", "X-HTTP-Method\r\nConnection: X-HTTP-Method",
	} {
		t.Run(name, func(t *testing.T) {
			first, more, _ := strings.Cut(name, "\r\n")
			lines := []string{k.bearer(), first + ": DELETE", "Content-Length: 0"}
			if more != "" {
				lines = append(lines, more)
			}
			if got := g.send(g.request(http.MethodPost, "/v1/items", lines...)); got.status != http.StatusOK {
				t.Fatalf("answered %v", got)
			}
			if a := g.upstream.one(t); strings.Contains(a.raw, "DELETE") || a.head.Method != http.MethodPost {
				t.Errorf("the upstream got %q", a.raw)
			}
		})
	}
}
