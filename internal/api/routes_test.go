package api_test

import (
	"net/http"
	"strings"
	"testing"
)

// Every call of the document, with a request, and what the service is asked.
var asked = map[string]struct{ request, want string }{
	"create-key":       {`POST /v1/keys {"name":"good"}`, "CreateKey [good]"},
	"list-keys":        {"GET /v1/keys?status=revoked&environment=test&project=p&owner=o&q=x&limit=5&cursor=c", "ListKeys [{Status:revoked Environment:test Project:p Owner:o Search:x Limit:5 Cursor:c}]"},
	"show-key":         {"GET /v1/keys/key_a", "ShowKey [key_a]"},
	"edit-key":         {`PATCH /v1/keys/key_a {}`, "EditKey [key_a "},
	"revoke-key":       {`POST /v1/keys/key_a/revoke {"reason":"leaked","wait":"5s"}`, "RevokeKey [key_a {Reason:leaked Wait:5s}]"},
	"reactivate-key":   {"POST /v1/keys/key_a/reactivate", "ReactivateKey [key_a]"},
	"rotate-key":       {`POST /v1/keys/key_a/rotate {"grace":"1h"}`, "RotateKey [key_a {Grace:1h Reason:}]"},
	"delete-key":       {"DELETE /v1/keys/key_a", "DeleteKey [key_a]"},
	"key-usage":        {"GET /v1/keys/key_a/usage?by=time&from=7d&to=1d", "KeyUsage [key_a {By:time From:7d To:1d}]"},
	"key-activity":     {"GET /v1/keys/key_a/activity?limit=3", "KeyActivity [key_a {Limit:3}]"},
	"explain-request":  {`POST /v1/explain {"key_id":"key_a","host":"h","method":"GET","path":"/"}`, "ExplainRequest [{RequestID: Key: KeyID:key_a Host:h Gate: Method:GET Path:/ Client:}]"},
	"list-audit":       {"GET /v1/audit?key_id=key_a&actor=token:a+(tok_1)&action=key.create&from=7d&to=1d&limit=4&cursor=c", "ListAudit [{KeyID:key_a Actor:token:a (tok_1) Action:key.create From:7d To:1d Limit:4 Cursor:c}]"},
	"create-token":     {`POST /v1/tokens {"name":"t","all_workspaces":true,"expires_in":"1d"}`, "CreateToken [{Name:t AllWorkspaces:true ExpiresAt: ExpiresIn:1d}]"},
	"list-tokens":      {"GET /v1/tokens?all_workspaces=true", "ListTokens [{AllWorkspaces:true}]"},
	"delete-token":     {"DELETE /v1/tokens/tok_a", "DeleteToken [tok_a]"},
	"create-workspace": {`POST /v1/workspaces {"name":"w","plan":"p"}`, "CreateWorkspace [{Name:w Plan:p}]"},
	"list-workspaces":  {"GET /v1/workspaces", "ListWorkspaces []"},
	"edit-workspace":   {`PATCH /v1/workspaces/w {"plan":"big"}`, "EditWorkspace [w {Plan:{Set:true Null:false Value:big}}]"},
	"create-project":   {`POST /v1/projects {"name":"p"}`, "CreateProject [{Name:p}]"},
	"list-projects":    {"GET /v1/projects", "ListProjects []"},
	"delete-project":   {"DELETE /v1/projects/p", "DeleteProject [p]"},
	"create-profile":   {`POST /v1/profiles {"name":"p"}`, "CreateProfile [{Name:p}]"},
	"list-profiles":    {"GET /v1/profiles", "ListProfiles []"},
	"delete-profile":   {"DELETE /v1/profiles/p", "DeleteProfile [p]"},
	"list-plans":       {"GET /v1/plans", "ListPlans []"},
	"list-scopes":      {"GET /v1/scopes", "ListScopes []"},
	"list-gates":       {"GET /v1/gates", "ListGates []"},
	"report-refusals":  {"GET /v1/report?from=1d", "ReportRefusals [{From:1d}]"},
	"look-up-secret":   {`POST /v1/secrets/lookup {"secret":"x"}`, "LookUpSecret [x]"},
	"verify-key":       {`POST /v1/keys/verify {"key":"x","host":"h","method":"GET","path":"/","scopes":["a"],"cost":2}`, ""},
}

func TestEveryCallAsksTheServiceForWhatItSays(t *testing.T) {
	t.Parallel()
	calls := operations(t)
	if len(calls) != len(asked) {
		t.Errorf("the document has %d calls, and here are %d", len(calls), len(asked))
	}
	for id, op := range calls {
		t.Run(id, func(t *testing.T) {
			f, service := setupFake(t)
			row, listed := asked[id]
			method, rest, _ := strings.Cut(row.request, " ")
			target, body, _ := strings.Cut(rest, " ")
			if !listed || method != op.method {
				t.Fatalf("%s %s has no row here", op.method, op.path)
			}
			got := f.do(t, method, target, body)
			if got.StatusCode != op.success || !strings.HasPrefix(service.last(), row.want) {
				t.Errorf("%d %s, and the service was asked for %q; want %d, %q", got.StatusCode, got.text, service.last(), op.success, row.want)
			}
			if op.success == http.StatusNoContent && (got.text != "" || got.Header.Get("Content-Type") != "") {
				t.Errorf("no content: %v %q", got.Header, got.text)
			}
		})
	}
}

func TestFlagsAreTrueOrFalse(t *testing.T) {
	t.Parallel()
	f, service := setupFake(t)
	for text, want := range map[string]string{"true": "ListTokens [{AllWorkspaces:true}]", "false": "ListTokens [{AllWorkspaces:false}]", "": "ListTokens [{AllWorkspaces:false}]"} {
		f.do(t, "GET", "/v1/tokens?all_workspaces="+text, "")
		if service.last() != want {
			t.Errorf("%q: %s", text, service.last())
		}
	}
	for _, text := range []string{"1", "yes", "TRUE", "%00"} {
		wantRefusal(t, f.do(t, "GET", "/v1/tokens?all_workspaces="+text, ""), 422, "invalid_request", "all_workspaces")
	}
}

func TestNamesInPathsAreUnescapedOnce(t *testing.T) {
	t.Parallel()
	f, service := setupFake(t)
	for target, want := range map[string]string{
		"/v1/projects/a%2Fb":       "DeleteProject [a/b]",
		"/v1/projects/a%252Fb":     "DeleteProject [a%2Fb]",
		"/v1/profiles/50%25":       "DeleteProfile [50%]",
		"/v1/profiles/a%20b":       "DeleteProfile [a b]",
		"/v1/profiles/%2e%2e":      "DeleteProfile [..]",
		"/v1/profiles/a%2F..%2Fb":  "DeleteProfile [a/../b]",
		"/v1/profiles/möbel":       "DeleteProfile [möbel]",
		"/v1/profiles/m%C3%B6bel":  "DeleteProfile [möbel]",
		"/v1/profiles/a+b":         "DeleteProfile [a+b]",
		"/v1/profiles/a;b":         "DeleteProfile [a;b]",
		"/v1/keys/key_a%00":        "DeleteKey [key_a\x00]",
		"/v1/keys/revoke":          "DeleteKey [revoke]",
		"/v1/tokens/%2Fv1%2Fkeys":  "DeleteToken [/v1/keys]",
		"/v1/profiles/%7Bname%7D":  "DeleteProfile [{name}]",
		"/v1/profiles/a%3Fb%23c=d": "DeleteProfile [a?b#c=d]",
	} {
		if got := f.do(t, "DELETE", target, ""); got.StatusCode != http.StatusNoContent || service.last() != want {
			t.Errorf("%s: %d, and the service was asked for %q, want %q", target, got.StatusCode, service.last(), want)
		}
	}
}

func TestHeadIsGetWithoutItsBody(t *testing.T) {
	t.Parallel()
	f, _ := setupFake(t)
	server := f.listen(t)
	for _, target := range []string{"/v1/keys/key_a", "/v1/openapi.json", "/v1/keys/key_a/nothing"} {
		get, head := server.send(t, "GET", target), server.send(t, "HEAD", target)
		if head.StatusCode != get.StatusCode || head.text != "" || head.ContentLength != int64(len(get.text)) || head.Header.Get("ETag") != get.Header.Get("ETag") {
			t.Errorf("%s: HEAD %d %v %q; GET %d %v", target, head.StatusCode, head.Header, head.text, get.StatusCode, get.Header)
		}
	}
}

func TestOtherMethodsAreToldWhichThereAre(t *testing.T) {
	t.Parallel()
	f, service := setupFake(t)
	for target, allow := range map[string]string{
		"/v1/keys": "GET, HEAD, POST", "/v1/keys/key_a": "DELETE, GET, HEAD, PATCH", "/v1/keys/key_a/revoke": "POST",
		"/v1/keys/verify": "POST", "/v1/audit": "GET, HEAD", "/v1/tokens/tok_a": "DELETE", "/v1/workspaces/w": "PATCH", "/v1/openapi.json": "GET, HEAD",
	} {
		for _, method := range []string{"OPTIONS", "PUT", "TRACE", "get", "M-SEARCH"} {
			got := f.do(t, method, target, "")
			wantRefusal(t, got, 405, "method_not_allowed", "")
			if got.Header.Get("Allow") != allow {
				t.Errorf("%s %s: allowed are %q, want %q", method, target, got.Header.Get("Allow"), allow)
			}
		}
	}
	if len(service.calls) > 0 {
		t.Errorf("the service was asked for %q", service.calls)
	}
}

func TestWhatWasMadeIsLocatedBelowTheMount(t *testing.T) {
	t.Parallel()
	f, _ := setupFake(t)
	for request, want := range map[string]string{
		`/v1/keys {"name":"x"}`: "/v1/keys/key_b", `/v1/keys/key_a/rotate `: "/v1/keys/key_b", `/v1/tokens {"name":"x"}`: "/v1/tokens/tok_a",
		`/v1/projects {"name":"a b/ö%"}`: "/v1/projects/a%20b%2F%C3%B6%25", `/v1/profiles {"name":"p"}`: "/v1/profiles/p", `/v1/workspaces {"name":"w"}`: "/v1/workspaces/w",
	} {
		for _, mount := range []string{"", "/manage/keystile"} {
			f.mount = mount
			target, body, _ := strings.Cut(request, " ")
			got := f.do(t, "POST", target, body)
			if got.StatusCode != http.StatusCreated || got.Header.Get("Location") != mount+want {
				t.Errorf("%s: %d at %q, want %q", request, got.StatusCode, got.Header.Get("Location"), mount+want)
			}
		}
	}
}
