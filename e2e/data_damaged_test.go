package e2e

import (
	"net/http"
	"slices"
	"strings"
	"testing"
)

// damages are what may have befallen a row. Each would give more than anybody
// gave, if it were read leniently.
var damages = map[string]string{
	"scopes that are no JSON":     `scopes = 'read'`,
	"scopes that are null":        `scopes = 'null'`,
	"scopes that hold null":       `scopes = '["read", null]'`,
	"no scopes at all":            `scopes = ''`,
	"addresses that are null":     `allowed_ips = 'null'`,
	"addresses that are a number": `allowed_ips = '0'`,
	"a status of another case":    `status = 'ACTIVE'`,
	"no status":                   `status = ''`,
	"an environment of no prefix": `environment = 'prod'`,
	"no workspace":                `workspace = ''`,
	"a digest that is cut off":    `digest = substr(digest, 1, 31)`,
	"metadata that is a list":     `metadata = '[]'`,
}

// The rows are damaged before the gate has met their keys, one way each.
func TestDATA04ADamagedRowIsRefusedAndHarmsNobodyElse(t *testing.T) {
	t.Parallel()
	d := setupDesk(t, options{policy: "route GET /v1/items read\nroute GET /v1/any"}, "")
	good := []key{d.newKey(`"scopes":["read"]`), d.newKey(`"scopes":["read"]`)}
	broken := map[string]key{}
	for what, how := range damages {
		broken[what] = d.newKey(`"scopes":["read"],"allowed_ips":["127.0.0.1"]`)
		d.sql("UPDATE keys SET " + how + " WHERE id = '" + broken[what].ID + "'")
	}
	for what, k := range broken {
		t.Run(what, func(t *testing.T) {
			for _, target := range []string{"/v1/items", "/v1/any"} {
				got := d.get(target, k.bearer())
				if got.code() != "store_unavailable" && got.code() != "unknown_key" {
					t.Errorf("%s: answered %v", target, got)
				}
				d.upstream.untouched(t)
			}
			if gone := strings.HasPrefix(damages[what], "digest"); !gone && !strings.Contains(d.log(), k.ID) {
				t.Error("no alarm names the key")
			}
		})
	}
	for _, k := range good {
		wantAnswer(t, d.gate, d.get("/v1/items", k.bearer()), http.StatusOK, "")
	}
	listed := d.ids("?limit=1000")
	for _, k := range good {
		if !slices.Contains(listed, k.ID) {
			t.Errorf("the list has %q, and not %s", listed, k.ID)
		}
	}
	for what, k := range broken {
		if slices.Contains(listed, k.ID) && what != "a digest that is cut off" {
			t.Errorf("%s: the list has the key", what)
		}
	}
}
