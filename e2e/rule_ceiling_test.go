package e2e

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// ceilingApp is a configuration in which there is more to give than a manager's
// key holds.
const ceilingApp = "scope read\nscope write\nscope admin\nscope_alias old-admin admin\nrotation_grace 24h\n" +
	"plan small {\n rate_limit live 1/s\n}\nplan big {\n rate_limit live 1000/s\n}\ndefault_plan small"

// climbs are calls of a manager's key for more than it holds; OWN, STRONG and
// NOBODYS stand for the IDs of keys, and LATER for a time behind its end.
var climbs = []string{
	`POST /v1/keys {"name":"climber","scopes":["all"]}`,
	`POST /v1/keys {"name":"climber","scopes":["read","write"]}`,
	`POST /v1/keys {"name":"climber","scopes":["old-admin"]}`,
	`POST /v1/keys {"name":"climber","scopes":["READ"]}`,
	`POST /v1/keys {"name":"climber","scopes":["read all"]}`,
	`POST /v1/keys {"name":"climber","scopes":"all"}`,
	`POST /v1/keys {"name":"climber","scopes":["read"],"scopes":["all"]}`,
	`POST /v1/keys {"name":"climber","SCOPES":["all"],"expires_in":"1h","allowed_ips":["127.0.0.1"]}`,
	`POST /v1/keys {"name":"climber","\u0073copes":["all"]}`,
	`POST /v1/keys {"name":"climber","expires_at":"LATER","allowed_ips":["127.0.0.1"]}`,
	`POST /v1/keys {"name":"climber","expires_in":"1h","expires_at":"LATER","allowed_ips":["127.0.0.1"]}`,
	`POST /v1/keys {"name":"climber","expires_in":"1h","allowed_ips":["0.0.0.0/0"]}`,
	`POST /v1/keys {"name":"climber","expires_in":"1h","allowed_ips":["127.0.0.0/31"]}`,
	`POST /v1/keys {"name":"climber","expires_in":"1h","allowed_ips":["::ffff:127.0.0.0/104"]}`,
	`POST /v1/keys {"name":"climber","expires_in":"1h","allowed_ips":["127.0.0.1"],"environment":"test"}`,
	`POST /v1/keys {"name":"climber","expires_in":"1h","allowed_ips":["127.0.0.1"],"plan":"big"}`,
	`POST /v1/keys {"name":"climber","expires_in":"1h","allowed_ips":["127.0.0.1"],"workspace":"rivals"}`,
	`POST /v1/keys?workspace=rivals {"name":"climber","expires_in":"1h","allowed_ips":["127.0.0.1"]}`,
	`POST /v1/keys?scopes=all {"name":"climber","expires_in":"1h","allowed_ips":["127.0.0.1"]}`,
	`PATCH /v1/keys/OWN {"scopes":["read","manage:api-keys","write"]}`,
	`PATCH /v1/keys/OWN {"expires_at":null}`,
	`PATCH /v1/keys/OWN {"expires_at":"LATER"}`,
	`PATCH /v1/keys/OWN {"allowed_ips":[]}`,
	`PATCH /v1/keys/OWN {"allowed_ips":["127.0.0.0/8"]}`,
	`PATCH /v1/keys/OWN {"plan":"big"}`,
	`PATCH /v1/keys/STRONG {"name":"taken over"}`,
	`PATCH /v1/keys/STRONG {"allowed_ips":["127.0.0.1"]}`,
	`POST /v1/keys/STRONG/rotate {"grace":"0s"}`,
	`POST /v1/keys/STRONG/rotate {}`,
	`PATCH /v1/keys/NOBODYS {"status":"active"}`,
	`POST /v1/keys/NOBODYS/reactivate {}`,
	`POST /v1/tokens {"name":"climber"}`,
	`POST /v1/tokens {"name":"climber","all_workspaces":true}`,
	`PATCH /v1/workspaces/default {"plan":"big"}`,
	`POST /v1/projects {"name":"climber"}`,
}

func TestRULE11NoCallGivesMoreThanItsCallerHolds(t *testing.T) {
	t.Parallel()
	d := setupDesk(t, options{app: ceilingApp}, "")
	d.must(nil, "workspaces", "create", "rivals")
	end := time.Now().Add(24 * time.Hour).UTC().Truncate(time.Second)
	own := d.newKey(fmt.Sprintf(`"scopes":["read","manage:api-keys"],"allowed_ips":["127.0.0.1"],"expires_at":%q`, end.Format(time.RFC3339)))
	strong, nobodys := d.newKey(`"scopes":["all"]`), d.newKey(`"scopes":["write"]`)
	d.read(nil, http.StatusOK, http.MethodPatch, "/v1/keys/"+nobodys.ID, `{"status":"inactive"}`)
	manager := d.as(own.Secret)
	before := d.standing(t)
	names := strings.NewReplacer("OWN", own.ID, "STRONG", strong.ID, "NOBODYS", nobodys.ID, "LATER", end.Add(time.Second).Format(time.RFC3339))
	for _, climb := range climbs {
		t.Run(climb, func(t *testing.T) {
			method, path, body := spelledCall(names.Replace(climb), own)
			for _, lines := range [][]string{nil, {"Idempotency-Key: " + climb[:4], "X-HTTP-Method-Override: POST", "Keystile-Workspace: default", "Keystile-Scopes: all"}} {
				if got := manager.do(method, path, body, lines...); got.status < http.StatusBadRequest || strings.Contains(got.body, `"secret":"`) {
					t.Errorf("answered %v", got)
				}
			}
			if now := d.standing(t); now != before {
				t.Errorf("now there is\n%s", now)
				before = now
			}
		})
	}
	t.Run("somebody else's creation, repeated", func(t *testing.T) {
		const body, once = `{"name":"a strong one","scopes":["all"]}`, "Idempotency-Key: the-same"
		var made key
		d.read(&made, http.StatusCreated, http.MethodPost, "/v1/keys", body, once)
		d.secret(made.Secret)
		if got := manager.do(http.MethodPost, "/v1/keys", body, once); got.status < http.StatusBadRequest || strings.Contains(got.body, made.ID) {
			t.Errorf("answered %v", got)
		}
	})
	// What isn't stated is as narrow as the caller's own.
	for _, body := range []string{`{"name":"unstated"}`, `{"name":"unstated","expires_in":"1h"}`, `{"name":"unstated","allowed_ips":["127.0.0.1"]}`, `{"name":"unstated","allowed_ips":[],"scopes":null}`} {
		var made struct {
			key
			Scopes     []string
			AllowedIPs []string `json:"allowed_ips"`
		}
		manager.read(&made, http.StatusCreated, http.MethodPost, "/v1/keys", body)
		d.secret(made.Secret)
		if made.ExpiresAt.IsZero() || made.ExpiresAt.After(end) || len(made.Scopes) > 0 || !slices.Equal(made.AllowedIPs, []string{"127.0.0.1"}) {
			t.Errorf("%s made %+v", body, made)
		}
	}
	// What is within is given: it isn't the API that is closed.
	within := manager.newKey(fmt.Sprintf(`"scopes":["read"],"allowed_ips":["127.0.0.1/32"],"expires_at":%q`, end.Format(time.RFC3339)))
	wantOK(t, d.get("/", within.bearer()))
}

// standing is all that may not change, as an operator sees it.
func (d desk) standing(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	for _, list := range []string{"/v1/keys?limit=1000", "/v1/keys?limit=1000&workspace=rivals", "/v1/tokens?all_workspaces=true", "/v1/workspaces", "/v1/projects"} {
		all.WriteString(d.read(nil, http.StatusOK, http.MethodGet, list, "").body)
	}
	return withoutUse.ReplaceAllString(all.String(), "")
}

// withoutUse matches what changes because somebody called.
var withoutUse = regexp.MustCompile(`"(last_used_at|total_calls)":[^,}]*,?`)
