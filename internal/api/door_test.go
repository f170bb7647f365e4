package api_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/keystile/keystile/internal/api"
	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/manage"
)

func TestMGMT01MGMT06NobodyEntersWithoutAGoodToken(t *testing.T) {
	t.Parallel()
	f := setup(t)
	key, _ := f.create(t, `{"name":"a key","scopes":["read"]}`)["secret"].(string)
	for name, row := range map[string]struct {
		header string // the Authorization lines, one to a line
		status int
		code   string
	}{
		"nothing":               {"", 401, "missing_token"},
		"another scheme":        {"Basic " + f.token, 401, "invalid_token"},
		"the scheme alone":      {"Bearer", 401, "invalid_token"},
		"the scheme and spaces": {"Bearer   ", 401, "invalid_token"},
		"no scheme":             {f.token, 401, "invalid_token"},
		"a tab":                 {"Bearer\t" + f.token, 401, "invalid_token"},
		"a token and more":      {"Bearer " + f.token + " x", 401, "invalid_token"},
		"two tokens":            {"Bearer " + f.token + "\nBearer " + f.token, 401, "invalid_token"},
		"an unknown token":      {"Bearer " + keys.MintToken().Reveal(), 401, "invalid_token"},
		"a key":                 {"Bearer " + key, 403, "insufficient_scope"},
		"a key's hint":          {"Bearer ks_live_abc…wxyz", 401, "invalid_token"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, target := range []string{"/v1/keys", "/v1/nothing", "/", "/v1/openapi.json"} {
				r := httptest.NewRequestWithContext(t.Context(), "GET", target, nil)
				for line := range strings.SplitSeq(row.header, "\n") {
					r.Header.Add("Authorization", line)
				}
				w := httptest.NewRecorder()
				f.ServeHTTP(w, r)
				got := response{Response: w.Result(), text: w.Body.String()}
				_ = json.Unmarshal(w.Body.Bytes(), &got.doc) // checked by what is in it
				got.err, _ = got.doc["error"].(map[string]any)
				wantRefusal(t, got, row.status, row.code, "")
				challenge := got.Header.Get("WWW-Authenticate")
				if !strings.HasPrefix(challenge, "Bearer ") || (row.code == "missing_token") == strings.Contains(challenge, "error=") {
					t.Errorf("challenged with %q", challenge)
				}
			}
		})
	}
	if got := f.do(t, "GET", "/v1/keys", "", "Authorization: bearer   "+f.token); got.StatusCode != http.StatusOK {
		t.Errorf("another spelling of Bearer: %d %s", got.StatusCode, got.text)
	}
}

func TestOperatorsNameTheWorkspace(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.workspace(t, "north")
	f.workspace(t, "south")
	north := f.create(t, `{"name":"by header"}`, as(f.operator), "Keystile-Workspace: north")
	if north["workspace"] != "north" {
		t.Errorf("made in %v", north["workspace"])
	}
	got := f.do(t, "POST", "/v1/keys?workspace=south", `{"name":"by query"}`, as(f.operator))
	if got.StatusCode != http.StatusCreated || got.doc["workspace"] != "south" {
		t.Errorf("%d %s", got.StatusCode, got.text)
	}
	if home := f.create(t, `{"name":"by nothing"}`, as(f.operator)); home["workspace"] != "default" {
		t.Errorf("made in %v", home["workspace"])
	}
	both := f.do(t, "GET", "/v1/keys?workspace=north", "", as(f.operator), "Keystile-Workspace: north")
	if data, _ := both.doc["data"].([]any); len(data) != 1 {
		t.Errorf("named twice alike: %d %s", both.StatusCode, both.text)
	}
	wantRefusal(t, f.do(t, "GET", "/v1/keys?workspace=south", "", as(f.operator), "Keystile-Workspace: north"), 422, "invalid_request", "workspace")
	wantRefusal(t, f.do(t, "GET", "/v1/keys", "", as(f.operator), "Keystile-Workspace: south", "Keystile-Workspace: north"), 422, "invalid_request", "workspace")
	wantRefusal(t, f.do(t, "GET", "/v1/keys?workspace=nobodys", "", as(f.operator)), 404, "not_found", "")
}

func TestMGMT04MGMT05ATokenStaysInItsWorkspace(t *testing.T) {
	t.Parallel()
	f := setup(t)
	rivals := f.workspace(t, "rivals")
	theirs, _ := f.create(t, `{"name":"theirs"}`, as(rivals))["id"].(string)
	for _, target := range []string{"/v1/keys/" + theirs, "/v1/keys/" + theirs + "/usage", "/v1/keys/key_nobody"} {
		wantRefusal(t, f.do(t, "GET", target, ""), 404, "not_found", "")
	}
	wantRefusal(t, f.do(t, "POST", "/v1/keys/"+theirs+"/revoke", ""), 404, "not_found", "")
	wantRefusal(t, f.do(t, "GET", "/v1/keys?workspace=rivals", ""), 403, "workspace_mismatch", "workspace")
	wantRefusal(t, f.do(t, "POST", "/v1/keys", `{"name":"sideways"}`, "Keystile-Workspace: rivals"), 403, "workspace_mismatch", "workspace")
	if got := f.do(t, "GET", "/v1/workspaces", ""); strings.Contains(got.text, "rivals") || !strings.Contains(got.text, "default") {
		t.Errorf("it sees the workspaces %s", got.text)
	}
	if got := f.do(t, "GET", "/v1/workspaces", "", as(f.operator)); !strings.Contains(got.text, "rivals") {
		t.Errorf("an operator sees the workspaces %s", got.text)
	}
	if f.rows(t) != 0 || f.rows(t, as(rivals)) != 1 {
		t.Error("a key was made in a workspace that isn't the token's")
	}
}

func TestProjectsAreListed(t *testing.T) {
	t.Parallel()
	f := setup(t)
	if _, err := f.manager.CreateProject(t.Context(), f.command, manage.NewProject{Name: "apollo"}); err != nil {
		t.Fatal(err)
	}
	want := `{"data":[{"name":"apollo","workspace":"default","created_at":"2026-11-22T12:30:15Z"}],"next_cursor":null}` + "\n"
	if got := f.do(t, "GET", "/v1/projects", ""); got.text != want || got.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("%s, want %s", got.text, want)
	}
}

func TestPathsThatAreNotThereAreNotFound(t *testing.T) {
	t.Parallel()
	f := setup(t)
	for _, target := range []string{
		"/", "/v1", "/v1/", "/v1/nothing", "/v1/keys/", "//v1/keys", "/v1//keys", "/v1/./keys", "/v1/x/../keys", "/V1/keys",
		"/v1/keys/key_a/", "/v1/keys/key_a/nothing", "/v1/keys/a%2Fb", "/v1/keys%2f", "/docs", "/openapi.json", "/schemas/KeyView.json",
	} {
		wantRefusal(t, f.do(t, "GET", target, ""), 404, "not_found", "")
	}
	for _, row := range [][2]string{{"DELETE", "/v1/keys"}, {"GET", "/v1/keys/key_a/revoke"}, {"PUT", "/v1/projects"}, {"get", "/v1/keys"}, {"OPTIONS", "/v1/keys"}} {
		got := f.do(t, row[0], row[1], "")
		wantRefusal(t, got, 405, "method_not_allowed", "")
		allowed := strings.Split(got.Header.Get("Allow"), ", ")
		if !slices.IsSorted(allowed) || !slices.ContainsFunc(allowed, func(m string) bool { return m == "GET" || m == "POST" }) {
			t.Errorf("%s %s: allowed are %q", row[0], row[1], allowed)
		}
	}
}

func TestRefusalsComeAsProblemsWhereAskedFor(t *testing.T) {
	t.Parallel()
	f := setup(t)
	for _, accept := range []string{"application/problem+json", "text/html;q=0.5, application/problem+json;q=0.9"} {
		got := f.do(t, "GET", "/v1/keys?limit=0", "", "Accept: "+accept)
		if got.Header.Get("Content-Type") != "application/problem+json" || got.doc["code"] != "invalid_request" || got.doc["param"] != "limit" || got.doc["status"] != 422.0 {
			t.Errorf("Accept %s: %v %s", accept, got.Header, got.text)
		}
	}
	if got := f.do(t, "GET", "/v1/keys", "", "Accept: application/problem+json"); got.Header.Get("Content-Type") != "application/json" {
		t.Errorf("an answer came as %s", got.Header.Get("Content-Type"))
	}
}

func TestLEAK07AStoreThatFailsIsUnavailableAndTellsTheLogOnly(t *testing.T) {
	t.Parallel()
	f := setup(t)
	if err := f.store.Close(); err != nil {
		t.Fatal(err)
	}
	got := f.do(t, "GET", "/v1/keys", "")
	wantRefusal(t, got, 503, "store_unavailable", "")
	if got.Header.Get("Retry-After") != "1" || strings.Contains(got.text, "closed") {
		t.Errorf("told %v %s", got.Header, got.text)
	}
	if said := f.log.String(); !strings.Contains(said, "closed") || !strings.Contains(said, "request-") || strings.Contains(said, f.token) {
		t.Errorf("the log has %s", said)
	}
}

func TestAnswersNeverRepeatWhatWasSent(t *testing.T) {
	t.Parallel()
	f := setup(t)
	pasted := "ks_live_0123456789ABCDEFGHIJKLMNOPQRST1TaVco"
	for _, got := range []response{
		f.do(t, "POST", "/v1/keys", `{"name":"`+pasted+`\n"}`), f.do(t, "POST", "/v1/keys", `{"`+pasted+`":1}`),
		f.do(t, "POST", "/v1/keys", `{"name":"good","scopes":["`+pasted+`"]}`), f.do(t, "POST", "/v1/keys", `{"name":{"`+pasted+`":1}}`),
		f.do(t, "POST", "/v1/keys", pasted), f.do(t, "GET", "/v1/keys/"+pasted, ""), f.do(t, "GET", "/v1/"+pasted, ""),
		f.do(t, "GET", "/v1/keys?"+pasted+"=1", ""), f.do(t, "GET", "/v1/keys?cursor="+pasted, ""), f.do(t, "GET", "/v1/keys?status="+pasted, ""),
		f.do(t, "GET", "/v1/keys", "", as(pasted)), f.do(t, "GET", "/v1/keys", "", "Keystile-Workspace: "+pasted),
		f.do(t, "GET", "/v1/keys", "", as(f.operator), "Keystile-Workspace: "+pasted), f.do(t, pasted, "/v1/keys", ""),
	} {
		if got.StatusCode < 400 || strings.Contains(got.text+strings.Join(got.Header.Values("WWW-Authenticate"), ""), pasted) {
			t.Errorf("%d %v %s", got.StatusCode, got.Header, got.text)
		}
	}
	if strings.Contains(f.log.String(), pasted) {
		t.Errorf("the log has %s", f.log)
	}
}

func TestAnAPINeedsItsParts(t *testing.T) {
	t.Parallel()
	if _, err := api.New(api.Config{}); err == nil {
		t.Error("an API was made of nothing")
	}
}

func TestMGMT02MGMT06AKeyWithTheScopeManagesKeys(t *testing.T) {
	t.Parallel()
	f := setup(t)
	secretOf := func(body string) string {
		secret, _ := f.create(t, body)["secret"].(string)
		return as(secret)
	}
	here := secretOf(`{"name":"manager","scopes":["read","manage:api-keys"],"allowed_ips":["192.0.2.0/24"]}`)
	elsewhere := secretOf(`{"name":"manager","scopes":["manage:api-keys"],"allowed_ips":["198.51.100.1"]}`)
	made := f.create(t, `{"name":"made by a key","scopes":["read"]}`, here)
	if made["created_by"] != "manager" {
		t.Errorf("made %v", made)
	}
	beyond := f.do(t, "POST", "/v1/keys", `{"name":"too much","scopes":["read","write"]}`, here)
	wantRefusal(t, beyond, 403, "insufficient_scope", "scopes")
	if beyond.err["required_scopes"] != nil || beyond.err["missing_scopes"] != nil {
		t.Errorf("the refusal says what is held: %s", beyond.text)
	}
	for _, target := range []string{"/v1/keys", "/v1/openapi.json"} {
		wantRefusal(t, f.do(t, "GET", target, "", elsewhere), 403, "ip_not_allowed", "")
	}
	if n := f.rows(t, here); n != 3 {
		t.Errorf("it sees %d keys", n)
	}
}
