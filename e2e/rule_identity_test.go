package e2e

import (
	"net/http"
	"strings"
	"testing"
)

// impostors are header lines that some upstream may take for the gate's own.
var impostors = map[string][]string{
	"no value":                   {"Keystile-Key-Id:", "keystile-key-id: evil"},
	"two hyphens":                {"Keystile--Key-Id: evil"},
	"a hyphen behind":            {"Keystile-Key-Id-: evil"},
	"hyphen, underscore, dot":    {"Keystile-Key_Id: evil", "Keystile_Key.Id: evil", "keystile.key-id: evil"},
	"a star":                     {"Keystile*Key*Id: evil"},
	"what CGI writes as a line":  {"Keystile!Key!Id: evil", "Keystile+Key~Id: evil", "Keystile'Key'Id: evil"},
	"a name to come":             {"Keystile-Admin: evil", "Keystile-Roles: evil", "Keystile-: evil"},
	"a staleness":                {"Keystile-Stale: evil", "Keystile-Would-Deny: evil", "Keystile-Status: evil"},
	"Connection names it folded": {"Connection: keystile_key_id, KEYSTILE-WORKSPACE", "Keystile_Key_Id: evil"},
	"Connection in many lines":   {"Connection: Keystile-Key-Id", "Connection: Keystile-Scopes", "Connection: , ,Keystile-Owner,"},
	"an older Connection":        {"Proxy-Connection: Keystile-Key-Id", "Keystile-Key-Id: evil"},
	"Keep-Alive":                 {"Keep-Alive: Keystile-Key-Id", "Keystile-Owner: evil"},
	"a comma":                    {"Keystile-Scopes: all, evil", "Keystile-Scopes: evil"},
	"fifty":                      strings.Split(strings.Repeat("Keystile-Key-Id: evil\n", 50)+"X-Other: x", "\n"),
}

func TestRULE06NobodyButTheGateSpeaksInItsName(t *testing.T) {
	t.Parallel()
	for name, global := range map[string]string{"by default": "", "with odd names expected": expectOdd} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := setup(t, options{global: global, policy: "route * /v1/items read\nroute * /open public\nroute * /either {\n jwt pass\n}"})
			k := g.key("--scopes", "read")
			for what, lines := range impostors {
				for _, target := range []string{"/v1/items", "/open"} {
					t.Run(what+" "+target, func(t *testing.T) { wantOwnIdentity(t, g, k, target, lines) })
				}
			}
			t.Run("behind a token of somebody else's", func(t *testing.T) {
				got := g.get("/either", bearer("eyJhbGciOiJub25lIn0.e30.x"), "Keystile-Key-Id: evil", "Keystile_Owner: evil")
				if a := g.upstream.one(t); got.status != http.StatusOK || strings.Contains(a.raw, "evil") {
					t.Errorf("answered %v, and the upstream got %q", got, a.raw)
				}
			})
			t.Run("in a trailer that nobody announced", func(t *testing.T) {
				g.send(g.request(http.MethodPost, "/v1/items", k.bearer(), "Transfer-Encoding: chunked", "Trailer: X-A") +
					"0\r\nX-A: 1\r\nKeystile.Key.Id: evil\r\nKEYSTILE-OWNER: evil\r\n\r\n")
				if a := g.upstream.one(t); strings.Contains(a.raw, "evil") {
					t.Errorf("the upstream got %q", a.raw)
				}
			})
			t.Run("in a name that is no token", func(t *testing.T) {
				for _, line := range []string{"Keystile-Key-Id : evil", "Keystile-Key-Id\t: evil", "Keystile Key-Id: evil", "K\u00e9ystile-Key-Id: evil"} {
					got, err := exchange(g.addr, g.request(http.MethodGet, "/v1/items", "X-First: x", line, k.bearer(), "Connection: close"))
					for _, a := range g.upstream.seen() {
						if strings.Contains(a.raw, "evil") {
							t.Errorf("%q: answered %v, %v, and the upstream got %q", line, got, err, a.raw)
						}
					}
				}
			})
		})
	}
}

// The answers go the other way: what an upstream says of the gate is not the
// gate's word.
func TestRULE06NoUpstreamSpeaksInTheGatesName(t *testing.T) {
	t.Parallel()
	g := setup(t, options{app: "rate_limit live 1000/s", upstream: newUpstream(t, answerWith("HTTP/1.1 200 OK\r\nKeystile-Stale: evil\r\nkeystile_key_id: evil\r\nX-RateLimit-Limit: evil\r\n"+
		"RateLimit: evil\r\nTrailer: Keystile-Status, X-Sum, RateLimit\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nKeystile-Status: evil\r\nRateLimit: evil\r\nX-Sum: 42\r\n\r\n"))})
	k := g.key()
	got := g.get("/", k.bearer())
	if got.status != http.StatusOK || strings.Contains(got.raw, "evil") || got.header.Get("X-RateLimit-Limit") == "" {
		t.Errorf("answered %q", got.raw)
	}
	if !strings.Contains(got.raw, "X-Sum: 42") {
		t.Errorf("the upstream's own trailer is missing: %q", got.raw)
	}
}
