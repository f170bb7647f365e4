package e2e

import (
	"testing"

	"github.com/keystile/keystile/internal/keys"
)

// What can be said without the store is said without it, and a limit is the
// last thing that is asked.
func TestRULE05TheFirstDefectIsTheAnswerWithAStoreAwayAndALimitSpent(t *testing.T) {
	t.Parallel()
	g := setup(t, options{
		app:    "unknown_keys 1/d burst 1",
		policy: "environment live\nroute GET /v1/x read {\n rate_limit live 1/d\n}\nroute GET /v1/admin admin\nroute GET /public public",
	})
	planted := g.plant(4, func(i int, k *keys.Key) {
		k.Scopes = []string{"read"}
		switch i {
		case 1:
			k.AllowedIPs = []string{"192.0.2.1"}
		case 2:
			k.Status = keys.Revoked
		case 3:
			k.Environment = keys.Test
		}
	})
	spent, elsewhere, revoked, other := planted[0], planted[1], planted[2], planted[3]
	const get, limited, ambiguous, away = "GET /v1/x HTTP/1.1", "429 rate_limited", "400 ambiguous_path", "503 store_unavailable"
	bare := func(target string) string { return "GET " + target + " HTTP/1.1\r\nHost: $HOST\r\n" }
	unknown := key{Secret: mint(nil, keys.Live)}
	g.tryOddities(t, spent, oddity{"the only call", get, get}, oddity{"the limit is spent", get, limited},
		oddity{"spent, and a bad path", "GET /v1//x HTTP/1.1", ambiguous}, oddity{"spent, and two keys", bare("/v1/x") + "$KEY\r\n$KEY\r\n", "400 multiple_credentials"},
		oddity{"spent, and another method", "PUT /v1/x HTTP/1.1", "403 route_not_allowed"}, oddity{"spent, and a scope", "GET /v1/admin HTTP/1.1", noScope},
		oddity{"spent, and HEAD", "HEAD /v1/x HTTP/1.1", "429"}, oddity{"spent, and public", "GET /public HTTP/1.1", "GET /public HTTP/1.1"})
	g.tryOddities(t, elsewhere, oddity{"an address, and a limit", get, "403 ip_not_allowed"}, oddity{"a route, and an address", "GET /v1/new HTTP/1.1", "403 route_not_allowed"})
	g.tryOddities(t, revoked, oddity{"revoked, and a route", "GET /v1/new HTTP/1.1", "401 revoked_key"})
	g.tryOddities(t, other, oddity{"an environment, and a route", "GET /v1/new HTTP/1.1", "403 environment_not_allowed"})
	g.tryOddities(t, unknown, oddity{"the only guess", get, "401 unknown_key"})
	g.tryOddities(t, key{Secret: mint(nil, keys.Live)}, oddity{"a second guess", "GET /v1/new HTTP/1.1", limited}, oddity{"a guess, and a bad path", "GET //v1/x HTTP/1.1", ambiguous},
		oddity{"no guess", bare("/v1/x") + "Authorization: Bearer ks_live_x\r\n", "401 malformed_key"})
	g.tryOddities(t, spent, oddity{"a key that is known, behind the guesses", get, limited})

	g.options.app = ""
	g.reload(g.caddyfile())
	g.breakStore()
	g.tryOddities(t, key{Secret: mint(nil, keys.Live)},
		oddity{"away, and a bad path", "GET /v1/%2e/x HTTP/1.1", ambiguous}, oddity{"away, and no key", bare("/v1/x"), "401 missing_key"},
		oddity{"away, and garbage", bare("/v1/x") + "Authorization: Basic eA==\r\n", "401 malformed_key"}, oddity{"away, and two keys", bare("/v1/x") + "$KEY\r\n$KEY\r\n", "400 multiple_credentials"},
		oddity{"away, and a token of somebody else's", bare("/v1/x") + "Authorization: Bearer eyJhbGciOiJub25lIn0.e30.x\r\n", "401 jwt_not_supported"},
		oddity{"away, and an unlisted path", "GET /v1/new HTTP/1.1", away}, oddity{"away, and another method", "FOO /v1/x HTTP/1.1", away}, oddity{"away", get, away},
		oddity{"away, and public", bare("/public"), "GET /public HTTP/1.1"}, oddity{"away, public, and a bad path", bare("/public//"), ambiguous})
	g.mendStore()
}
