package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// team is the example on a plan that lets tests make keys.
func team(t *testing.T) *example {
	t.Helper()
	e := setupExample(t, "bootspring")
	e.operator.wants(200, "", http.MethodPatch, "/v1/workspaces/default", document{"plan": "team"})
	return e
}

func (e *example) bootspringKey(scope string, fields document) document {
	e.t.Helper()
	ask := document{"name": "a key", "scopes": []string{scope}}
	for name, value := range fields {
		ask[name] = value
	}
	return e.operator.made("/v1/keys", ask)
}

func TestBootspringKeysArePersonalOfAProjectOrOfAPipeline(t *testing.T) {
	t.Parallel()
	e := team(t)
	e.operator.made("/v1/projects", document{"name": "apollo"})
	for _, c := range []struct {
		fields document
		kind   string
		owner  string
	}{
		{document{}, "personal", "tests"},
		{document{"owner": "ann"}, "personal", "ann"},
		{document{"project": "apollo"}, "project", ""},
		{document{"kind": "ci"}, "ci", ""},
		{document{"kind": "ci", "project": "apollo"}, "ci", ""},
	} {
		made := e.bootspringKey("read:projects", c.fields)
		if made.text("kind") != c.kind || made.text("owner") != c.owner {
			t.Errorf("%v made a key of kind %q with owner %q", c.fields, made.text("kind"), made.text("owner"))
		}
	}
	e.operator.wants(422, "invalid_request", http.MethodPost, "/v1/keys", document{"name": "a key", "kind": "project"})
	e.operator.wants(422, "invalid_request", http.MethodPost, "/v1/keys", document{"name": "a key", "kind": "personal", "project": "apollo"})
}

func TestBootspringThePrefixTellsLiveFromTest(t *testing.T) {
	t.Parallel()
	e := team(t)
	for environment, prefix := range map[string]string{"live": "bs_live_", "test": "bs_test_"} {
		made := e.bootspringKey("read:projects", document{"environment": environment})
		if !strings.HasPrefix(made.text("secret"), prefix) || !strings.HasPrefix(made.text("hint"), prefix) {
			t.Errorf("a %s key's secret or hint doesn't begin with %s", environment, prefix)
		}
	}
}

func TestBootspringTestKeysReachTheTestUpstreamOnly(t *testing.T) {
	t.Parallel()
	e := team(t)
	live, test := e.bootspringKey("read:projects", nil), e.bootspringKey("read:projects", document{"environment": "test"})
	e.calls("GET", "/v1/projects", live.text("secret"), 200, "")
	e.upstream.one(t)
	e.testUpstream.untouched(t)
	e.calls("GET", "/v1/projects", test.text("secret"), 200, "")
	e.upstream.untouched(t)
	e.testUpstream.one(t)
}

func TestBootspringLiveKeysAreLimitedAndTestKeysRelaxed(t *testing.T) {
	t.Parallel()
	e := team(t)
	live, test := e.bootspringKey("read:projects", nil), e.bootspringKey("read:projects", document{"environment": "test"})
	const calls = 60
	count := func(secret string) (limited int) {
		for range calls {
			if got := e.get("/v1/projects", bearer(secret)); got.code() == "rate_limited" {
				limited++
			}
		}
		return limited
	}
	if n := count(test.text("secret")); n != 0 {
		t.Errorf("%d of %d calls of a test key were refused", n, calls)
	}
	start := time.Now()
	n := count(live.text("secret"))
	if most := 20 + 10*time.Since(start).Seconds(); float64(calls-n) > most+1 {
		t.Errorf("%d calls of a live key passed, at most %.0f may", calls-n, most)
	}
}

func TestBootspringEachScopeOpensItsEndpointsAndNoOther(t *testing.T) {
	t.Parallel()
	e := team(t)
	endpoints := []struct{ scope, method, target string }{
		{"read:projects", "GET", "/v1/projects"},
		{"write:projects", "POST", "/v1/projects"},
		{"delete:projects", "DELETE", "/v1/projects/apollo"},
		{"invoke:agents", "POST", "/v1/projects/apollo/agents/a1/invoke"},
		{"apply:skills", "POST", "/v1/projects/apollo/skills"},
		{"read:usage", "GET", "/v1/usage"},
		{"write:usage", "POST", "/v1/usage"},
		{"read:subscription", "GET", "/v1/subscription"},
	}
	everything := e.bootspringKey("all", document{"environment": "test"}).text("secret")
	for _, holds := range append(endpoints, struct{ scope, method, target string }{scope: "manage:api-keys"}) {
		secret := e.bootspringKey(holds.scope, document{"environment": "test"}).text("secret")
		for _, asks := range endpoints {
			status, code := 403, "insufficient_scope"
			if asks.scope == holds.scope {
				status, code = 200, ""
			}
			e.calls(asks.method, asks.target, secret, status, code)
		}
	}
	for _, asks := range endpoints {
		e.calls(asks.method, asks.target, everything, 200, "")
	}
	e.operator.wants(422, "invalid_request", http.MethodPost, "/v1/keys", document{"name": "a key", "scopes": []string{"fly:planes"}})
}

func TestBootspringKeysWithManageAPIKeysManageKeysWithinTheirRights(t *testing.T) {
	t.Parallel()
	e := team(t)
	manager := e.principal(e.operator.made("/v1/keys", document{"name": "robot", "scopes": []string{"manage:api-keys", "read:usage"}}).text("secret"))
	made := manager.made("/v1/keys", document{"name": "for a reader", "scopes": []string{"read:usage"}})
	e.calls("GET", "/v1/usage", made.text("secret"), 200, "")
	manager.wants(403, "insufficient_scope", http.MethodPost, "/v1/keys", document{"name": "too much", "scopes": []string{"write:usage"}})
	manager.wants(403, "insufficient_scope", http.MethodPost, "/v1/keys", document{"name": "too much", "scopes": []string{"all"}})
	e.principal(made.text("secret")).wants(403, "insufficient_scope", http.MethodGet, "/v1/keys", nil)
}

func TestBootspringKeysExpire(t *testing.T) {
	t.Parallel()
	e := team(t)
	made := e.bootspringKey("read:projects", document{"expires_in": "2s"})
	e.calls("GET", "/v1/projects", made.text("secret"), 200, "")
	eventually(t, startWithin, "the key expires", func() bool {
		return e.get("/v1/projects", bearer(made.text("secret"))).code() == "expired_key"
	})
	if e.bootspringKey("read:projects", nil)["expires_at"] != nil {
		t.Error("a key that was made without an end has one")
	}
}

func TestBootspringAKeyOfAProjectStaysInIt(t *testing.T) {
	t.Parallel()
	e := team(t)
	e.operator.made("/v1/projects", document{"name": "apollo"})
	bound := e.bootspringKey("read:projects", document{"project": "apollo"}).text("secret")
	free := e.bootspringKey("read:projects", nil).text("secret")
	e.calls("GET", "/v1/projects/apollo", bound, 200, "")
	e.calls("GET", "/v1/projects/voyager", bound, 403, "project_mismatch")
	e.calls("GET", "/v1/projects/voyager", free, 200, "")
}

func TestBootspringUsageIsAddedUpByEndpointProjectAndTime(t *testing.T) {
	t.Parallel()
	e := team(t)
	e.operator.made("/v1/projects", document{"name": "apollo"})
	made := e.bootspringKey("read:projects", nil)
	for range 3 {
		e.calls("GET", "/v1/projects", made.text("secret"), 200, "")
	}
	e.calls("GET", "/v1/projects/apollo", made.text("secret"), 200, "")
	e.calls("GET", "/v1/usage", made.text("secret"), 403, "insufficient_scope")
	path := "/v1/keys/" + made.text("id") + "/usage"
	eventually(t, startWithin, "five calls are counted", func() bool {
		_, got := e.operator.do(http.MethodGet, path, nil)
		return fmt.Sprint(got["total"]) == "4" && len(got.rows()) == 3
	})
	for by, want := range map[string]map[string]string{
		"endpoint": {"GET /v1/projects": "3 0", "GET /v1/projects/{project}": "1 0", "GET /v1/usage": "0 1"},
		"project":  {"": "3 1", "apollo": "1 0"},
	} {
		_, got := e.operator.do(http.MethodGet, path+"?by="+by, nil)
		found := map[string]string{}
		for _, row := range got.rows() {
			found[row.text(by)] = fmt.Sprint(row["calls"], " ", row["denied"])
		}
		if fmt.Sprint(found) != fmt.Sprint(want) {
			t.Errorf("by %s: %v, want %v", by, found, want)
		}
	}
	for _, by := range []string{"time", "day"} {
		_, got := e.operator.do(http.MethodGet, path+"?from=2h&by="+by, nil)
		var sum float64
		for _, row := range got.rows() {
			calls, _ := row["calls"].(float64)
			sum += calls
			if row.time("time").IsZero() {
				t.Errorf("by %s: a row without a time: %v", by, row)
			}
		}
		if sum != 4 {
			t.Errorf("by %s: %v calls", by, sum)
		}
	}
}

func TestBootspringActivityShowsTheLatestCalls(t *testing.T) {
	t.Parallel()
	e := team(t)
	made := e.bootspringKey("read:projects", nil)
	e.calls("GET", "/v1/projects/apollo", made.text("secret"), 200, "")
	e.calls("POST", "/v1/projects", made.text("secret"), 403, "insufficient_scope")
	var rows []document
	eventually(t, startWithin, "both calls are noted", func() bool {
		_, got := e.operator.do(http.MethodGet, "/v1/keys/"+made.text("id")+"/activity", nil)
		rows = got.rows()
		return len(rows) == 2
	})
	for i, want := range []string{
		`["POST","POST /v1/projects",403,"insufficient_scope","127.0.0.1"]`,
		`["GET","GET /v1/projects/{project}",200,"allowed","127.0.0.1"]`,
	} {
		r := rows[i]
		got, err := json.Marshal([]any{r["method"], r["route"], r["status"], r["outcome"], r["client"]})
		if err != nil || string(got) != want || time.Since(r.time("time")) > time.Minute {
			t.Errorf("call %d: %s at %s, want %s", i, got, r.text("time"), want)
		}
	}
}

func TestBootspringRevocationIsPermanent(t *testing.T) {
	t.Parallel()
	e := team(t)
	made := e.bootspringKey("read:projects", nil)
	path := "/v1/keys/" + made.text("id")
	e.operator.wants(200, "", http.MethodPost, path+"/revoke", nil)
	e.calls("GET", "/v1/projects", made.text("secret"), 401, "revoked_key")
	e.operator.wants(409, "revocation_permanent", http.MethodPost, path+"/reactivate", nil)
	e.operator.wants(409, "revocation_permanent", http.MethodPatch, path, document{"status": "active"})
	e.calls("GET", "/v1/projects", made.text("secret"), 401, "revoked_key")
}

func TestBootspringRotationLosesNoCall(t *testing.T) {
	t.Parallel()
	e := team(t)
	old := e.bootspringKey("read:projects", document{"environment": "test"})
	stop, refused := make(chan struct{}), make(chan string, 1)
	var callers sync.WaitGroup
	callers.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			if got, err := e.try("GET", "/v1/projects", bearer(old.text("secret"))); err != nil || got.status != 200 && got.code() != "rate_limited" {
				select {
				case refused <- fmt.Sprint(got, err):
				default:
				}
			}
		}
	})
	next := e.operator.made("/v1/keys/"+old.text("id")+"/rotate", document{"grace": "1h"})
	var got response // the new key has the old one's buckets, which the callers may have emptied
	eventually(t, exchangeWithin, "the new key isn't limited", func() bool {
		got = e.get("/v1/projects", bearer(next.text("secret")))
		return got.code() != "rate_limited"
	})
	if got.status != http.StatusOK {
		t.Errorf("a call with the new key: %v", got)
	}
	close(stop)
	callers.Wait()
	select {
	case got := <-refused:
		t.Errorf("a call with the old key during its grace: %s", got)
	default:
	}
	_, was := e.operator.do(http.MethodGet, "/v1/keys/"+old.text("id"), nil)
	if next.text("replaces") != old.text("id") || was.text("replaced_by") != next.text("id") || was.time("expires_at").IsZero() {
		t.Errorf("the old key after the rotation: %v", was)
	}
}

func TestBootspringAnEditChangesTheNameAndNarrowsScopes(t *testing.T) {
	t.Parallel()
	e := team(t)
	made := e.operator.made("/v1/keys", document{"name": "a key", "scopes": []string{"read:projects", "write:projects"}})
	path := "/v1/keys/" + made.text("id")
	e.operator.wants(200, "", http.MethodPatch, path, document{"name": "renamed", "scopes": []string{"read:projects"}})
	e.calls("POST", "/v1/projects", made.text("secret"), 403, "insufficient_scope")
	e.operator.wants(422, "scope_widening", http.MethodPatch, path, document{"scopes": []string{"read:projects", "write:projects"}})
	for _, field := range []string{"environment", "project", "kind", "workspace"} {
		e.operator.wants(422, "immutable_field", http.MethodPatch, path, document{field: "test"})
	}
}

func TestBootspringPlansBoundHowManyKeysAWorkspaceHas(t *testing.T) {
	t.Parallel()
	e := setupExample(t, "bootspring")
	for plan, most := range map[string]int{"free": 2, "pro": 10, "team": 50, "enterprise": 0} {
		e.operator.made("/v1/workspaces", document{"name": plan, "plan": plan})
		keys := most
		if most == 0 {
			keys = 60
		}
		for range keys {
			e.operator.made("/v1/keys?workspace="+plan, document{"name": "a key"})
		}
		if most > 0 {
			e.operator.wants(409, "plan_limit_reached", http.MethodPost, "/v1/keys?workspace="+plan, document{"name": "one more"})
		}
	}
}

func TestBootspringTheCommandLineListsCreatesAndRevokes(t *testing.T) {
	t.Parallel()
	e := team(t)
	made := e.gate.key("--scopes", "read:projects", "--kind", "ci")
	var list struct {
		Data []struct{ ID, Kind string }
	}
	e.must(&list, "keys", "list")
	if len(list.Data) != 1 || list.Data[0].ID != made.ID || list.Data[0].Kind != "ci" {
		t.Errorf("listed: %+v", list)
	}
	e.calls("GET", "/v1/projects", made.Secret, 200, "")
	e.must(nil, "keys", "revoke", made.ID)
	eventually(t, startWithin, "the key is refused", func() bool {
		return e.get("/v1/projects", bearer(made.Secret)).code() == "revoked_key"
	})
}
