package e2e

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

// entry is what the access log says of a request besides the request.
type entry struct {
	Request struct {
		URI string `json:"uri"`
	} `json:"request"`
	User    string  `json:"user_id"`
	Outcome string  `json:"keystile_outcome"`
	Route   string  `json:"keystile_route"`
	Mode    string  `json:"keystile_mode"`
	KeyID   *string `json:"keystile_key_id"`
}

// logged is the entry of the one request to a target.
func (g *gate) logged(t *testing.T, target string) (found entry) {
	t.Helper()
	eventually(t, 5*time.Second, "the request is logged", func() bool {
		for line := range strings.Lines(g.log()) {
			var e entry
			if json.Unmarshal([]byte(line), &e) == nil && e.Request.URI == target {
				found = e
				return true
			}
		}
		return false
	})
	return found
}

func TestAccessLogSaysWhoWasLetInAndWhoWasNot(t *testing.T) {
	t.Parallel()
	g := setup(t, options{policy: "route GET /open/* read\nroute GET,PUT /shut/* write"})
	k := g.key("--scopes", "read")
	for target, want := range map[string]entry{
		"/open/1": {User: k.ID, Outcome: "allowed", Route: "GET /open/*", KeyID: &k.ID},
		"/shut/1": {Outcome: "insufficient_scope", Route: "GET,PUT /shut/*", KeyID: &k.ID},
		"/none":   {Outcome: "route_not_allowed", KeyID: &k.ID},
	} {
		g.get(target, k.bearer())
		got := g.logged(t, target)
		if got.User != want.User || got.Outcome != want.Outcome || got.Route != want.Route || got.KeyID == nil || *got.KeyID != k.ID || got.Mode != "" {
			t.Errorf("%s: %+v", target, got)
		}
	}
	g.get("/open/2")
	if got := g.logged(t, "/open/2"); got.User != "" || got.Outcome != "missing_key" || got.Route != "GET /open/*" || got.KeyID != nil {
		t.Errorf("without a key: %+v", got)
	}
	g.options.policy += "\nmode observe"
	g.reload(g.caddyfile())
	g.get("/shut/2", k.bearer())
	if got := g.logged(t, "/shut/2"); got.User != "" || got.Outcome != "insufficient_scope" || got.Route != "GET,PUT /shut/*" || got.KeyID != nil || got.Mode != "observe" {
		t.Errorf("under observe: %+v", got)
	}
}

func TestFieldsOfTheAccessLogCanBeFilteredOut(t *testing.T) {
	t.Parallel()
	for _, wrapped := range []string{"json", "keystile"} {
		g := setup(t, options{
			sites: "http://filtered.test:$PORT {\n bind 127.0.0.1\n log {\n output stderr\n format filter {\n wrap " + wrapped + "\n keystile_key_id delete\n }\n }\n keystile\n respond ok\n}",
		})
		k := g.key()
		g.get("/filtered", k.bearer(), "Host: filtered.test")
		if got := g.logged(t, "/filtered"); got.Outcome != "allowed" || got.KeyID != nil {
			t.Errorf("%s: %+v", wrapped, got)
		}
	}
}
