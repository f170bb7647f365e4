package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/keystile/keystile/internal/keys"
)

const verifyPolicy = "route GET /public public\nroute GET /v1/items read\nroute GET /v1/admin admin\nroute GET /v1/limited read {\n rate_limit live 1/h burst 1\n}"

func TestRACE05NoAnswerOfVerifyMayBeStored(t *testing.T) {
	t.Parallel()
	for name, more := range map[string]string{"as it is": "", "with deny_status": "\ndeny_status 403", "observing": "\nmode observe"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := setupAsked(t, options{policy: verifyPolicy}, asksHere+more)
			k, dead := a.key("--scopes", "read"), a.dead()
			all := map[string]response{
				"public": a.about("GET", "/public"), "allowed": a.about("GET", "/v1/items", k.bearer()), "HEAD": a.about("HEAD", "/v1/items", k.bearer()),
				"400": a.about("GET", "//v1/items", k.bearer()), "400, two keys": a.about("GET", "/v1/items", k.bearer(), k.bearer()),
				"400, not told": a.with(k.bearer()), "401": a.about("GET", "/v1/items"), "401, revoked": a.about("GET", "/v1/items", dead.bearer()),
				"403": a.about("GET", "/v1/admin", k.bearer()), "403, unlisted": a.about("GET", "/v1/other", k.bearer()),
				"before 429": a.about("GET", "/v1/limited", k.bearer()), "429": a.about("GET", "/v1/limited", k.bearer()),
			}
			a.breakStore()
			all["503"] = a.about("GET", "/v1/items", bearer(mint(nil, keys.Live)))
			a.mendStore()
			for what, got := range all {
				if cache := got.header["Cache-Control"]; len(cache) != 1 || cache[0] != "no-store" || got.header.Get("Expires") != "" || got.header.Get("ETag") != "" {
					t.Errorf("%s: answered %v with %v", what, got, got.header)
				}
			}
		})
	}
}

// cachingProxy is an nginx that keeps whatever it may, for whomever it is.
const cachingProxy = `daemon off;
master_process off;
pid %[1]s/nginx.pid;
error_log stderr;
events {}
http {
	access_log off;
	client_body_temp_path %[1]s/body;
	proxy_temp_path %[1]s/proxy;
	fastcgi_temp_path %[1]s/fastcgi;
	uwsgi_temp_path %[1]s/uwsgi;
	scgi_temp_path %[1]s/scgi;
	proxy_cache_path %[1]s/cache keys_zone=all:1m;
	proxy_cache all;
	proxy_cache_key $request_method;
	proxy_cache_valid any 1h;
	add_header Cached $upstream_cache_status always;
	server {
		listen %[2]s;
		location / {
			proxy_pass http://%[3]s;
			proxy_set_header Host $http_host;
		}
	}
}
`

// Who comes second gets an answer of its own, though the cache takes all
// requests for one.
func TestRACE05ASharedCacheKeepsNeitherRefusalsNorAnswersOfVerify(t *testing.T) {
	t.Parallel()
	a := setupAsked(t, options{policy: verifyPolicy}, asksHere)
	k, dead := a.key("--scopes", "read"), a.dead()
	for name, to := range map[string]string{"the gate": a.addr, "verify": a.verify} {
		t.Run(name, func(t *testing.T) {
			n := &neighbour{gate: a.gate, dir: t.TempDir(), front: &gate{t: t, addr: freeAddr(t), upstream: a.upstream}}
			file := n.file("nginx.conf", fmt.Sprintf(cachingProxy, n.dir, n.front.addr, to))
			n.run("nginx", "-p", n.dir, "-e", "stderr", "-c", file)
			ask := func(target string, lines ...string) response {
				told := []string{"X-Forwarded-Method: GET", "X-Forwarded-Uri: " + target, "X-Forwarded-For: 192.0.2.7"}
				return n.front.get(target, append(told, lines...)...)
			}
			for range 2 {
				for _, one := range []attempt{
					{target: "/v1/items", code: "missing_key"},
					{target: "//v1/items", lines: []string{k.bearer()}, code: "ambiguous_path"},
					{target: "/v1/items", lines: []string{dead.bearer()}, code: "revoked_key"},
					{target: "/v1/admin", lines: []string{k.bearer()}, code: "insufficient_scope"},
				} {
					if got := ask(one.target, one.lines...); got.code() != one.code || got.header.Get("Cached") != "MISS" {
						t.Errorf("%s: answered %v, %s; want %s", one.target, got, got.header.Get("Cached"), one.code)
					}
				}
				if to == a.verify { // what an upstream answers is its own affair
					wantIdentity(t, "allowed", ask("/v1/items", k.bearer()), k.identity("read"))
				}
			}
			if to == a.addr {
				if got := ask("/v1/items", k.bearer()); got.status != http.StatusOK || !strings.Contains(got.body, "ok") {
					t.Errorf("allowed: %v", got)
				}
			}
		})
	}
}
