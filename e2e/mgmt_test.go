package e2e

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// documentedSecrets are all that the documents show and that looks like a
// credential, and what one might make of it.
func documentedSecrets(t *testing.T) (found []string) {
	t.Helper()
	found = []string{"kst_", "kst_…", "kst_example", "ks_live_0123456789ABCDEFGHIJKLMNOPQRST1TaVco", resum("kst_0123456789ABCDEFGHIJKLMNOPQRST000000")}
	shown := regexp.MustCompile(`\b(kst_|ks_live_|ks_test_|bs_live_|bs_test_)[0-9A-Za-z]+`)
	for _, pattern := range []string{"../*.md", "../docs/*.md", "../docs/*/*.md", "../Caddyfile.example", "testdata/*.Caddyfile"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			found = append(found, shown.FindAllString(string(text), -1)...)
		}
	}
	return found
}

func TestMGMT01AFreshInstallationLetsNobodyManage(t *testing.T) {
	t.Parallel()
	o, d := withDesk(t, options{}, "")
	d.gate = setup(t, o)
	credentials := [][]string{
		nil, {"Authorization: "}, {"Authorization: Bearer"}, {"Authorization: Bearer "}, {"Authorization: Bearer null"}, {`Authorization: Bearer ""`},
		{"Authorization: Basic Og=="}, {"Authorization: Basic YWRtaW46YWRtaW4="}, {"X-Api-Key: "}, {"Cookie: session="},
	}
	for _, shown := range documentedSecrets(t) {
		credentials = append(credentials, []string{bearer(shown)}, []string{"Authorization: " + shown})
	}
	for _, lines := range credentials {
		for _, target := range []string{"/v1/keys", "/v1/tokens", "/v1/workspaces", "/v1/openapi.json", "/v1/nothing"} {
			for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodDelete} {
				got := d.do(method, target, `{"name":"mine"}`, lines...)
				if got.status != http.StatusUnauthorized || !slices.Contains([]string{"missing_token", "invalid_token"}, got.code()) {
					t.Errorf("%s %s with %q: answered %v", method, target, lines, got)
				}
				wantRefusalForm(t, got)
			}
		}
	}
	// The dashboard sends people to its sign-in page, and takes nothing from anybody.
	for _, lines := range credentials {
		if got := d.do(http.MethodGet, "/", "", lines...); got.status != http.StatusUnauthorized && (got.status != http.StatusSeeOther || got.header.Get("Location") != "./sign-in") {
			t.Errorf("GET / with %q: answered %v, to %q", lines, got, got.header.Get("Location"))
		}
		for _, method := range []string{http.MethodPost, http.MethodDelete} {
			if got := d.do(method, "/", `{"name":"mine"}`, lines...); got.status < http.StatusBadRequest {
				t.Errorf("%s / with %q: answered %v", method, lines, got)
			}
		}
	}
	var made struct{ Data []struct{ ID string } }
	for _, list := range [][]string{{"keys", "list"}, {"tokens", "list"}, {"tokens", "list", "--all-workspaces"}} {
		d.must(&made, list...)
		if len(made.Data) > 0 {
			t.Errorf("%q: somebody made %+v", list, made.Data)
		}
	}
	if got := d.as(d.newToken()).do(http.MethodGet, "/v1/keys", ""); got.status != http.StatusOK {
		t.Errorf("a token that is made then: %v", got)
	}
}

// There is no way to state a token in the configuration, so that an
// unset variable can't make it empty.
func TestMGMT01NoTokenStandsInTheConfiguration(t *testing.T) {
	t.Parallel()
	g := prepare(t, options{})
	for _, block := range []string{`keystile_admin ""`, "keystile_admin {\n token \"\"\n}", "keystile_admin {\n token {env.NOT_SET}\n}"} {
		g.options.sites = "\nhttp://127.0.0.1:1 {\n " + block + "\n}\n"
		g.write(g.caddyfile())
		if done := g.run("validate", "--config", g.config, "--adapter", "caddyfile"); done.status == 0 {
			t.Errorf("%s: taken", block)
		}
	}
}

func TestMGMT02AKeyGivesNoScopeThatItLacks(t *testing.T) {
	t.Parallel()
	d := setupDesk(t, options{}, "")
	manager := d.newKey(`"scopes":["read","manage:api-keys"]`)
	before := d.ids("")
	for _, scopes := range []string{`["write"]`, `["read","write"]`, `["all"]`, `["read","all"]`} {
		d.wantRefused(d.as(manager.Secret).do(http.MethodPost, "/v1/keys", `{"name":"too much","scopes":`+scopes+`}`), http.StatusForbidden, "insufficient_scope")
	}
	if after := d.ids(""); !slices.Equal(before, after) {
		t.Errorf("there were the keys %q, and now there are %q", before, after)
	}
	refused := d.trail("?action=key.create.refused")
	if len(refused) != 4 || !strings.Contains(refused[0].Actor, manager.ID) || refused[0].Client != "127.0.0.1" {
		t.Errorf("the audit trail has %+v", refused)
	}
	made := d.as(manager.Secret).newKey(`"scopes":["read"]`)
	if got := d.get("/", made.bearer()); got.status != http.StatusOK {
		t.Errorf("a key within the bounds: %v", got)
	}
}

func TestMGMT03AKeyWithoutScopesMayDoNothingThatNeedsOne(t *testing.T) {
	t.Parallel()
	d := setupDesk(t, options{policy: "route GET /read read\nroute GET /any"}, "")
	for _, members := range []string{"", `"scopes":[]`, `"scopes":null`} {
		k := d.newKey(members)
		tryAll(t, d.gate, []attempt{
			{name: members + " scoped", target: "/read", lines: []string{k.bearer()}, status: http.StatusForbidden, code: "insufficient_scope"},
			{name: members + " for all keys", target: "/any", lines: []string{k.bearer()}, status: http.StatusOK},
		})
	}
}

func TestMGMT04ENUM03AnotherWorkspacesKeyIsNoneAtAll(t *testing.T) {
	t.Parallel()
	d := setupDesk(t, options{}, "")
	theirs := d.newKey(`"scopes":["read"]`)
	rivals := d.of("rivals")
	rivalKey := rivals.newKey(`"scopes":["all"]`)
	// The shape is all that is said, but for the name of the request.
	shape := func(r response) string {
		return regexp.MustCompile(`"request_id":"[^"]*"`).ReplaceAllString(r.body, "") + r.header.Get("Content-Length")
	}
	for _, who := range []desk{rivals, rivals.as(rivalKey.Secret)} {
		for _, request := range []string{
			"GET /v1/keys/ID", `PATCH /v1/keys/ID {"name":"taken"}`, "DELETE /v1/keys/ID", "POST /v1/keys/ID/revoke", "POST /v1/keys/ID/reactivate",
			"POST /v1/keys/ID/rotate", "GET /v1/keys/ID/usage", "GET /v1/keys/ID/activity",
		} {
			parts := append(strings.SplitN(request, " ", 3), "")
			there := who.do(parts[0], strings.Replace(parts[1], "ID", theirs.ID, 1), parts[2])
			nowhere := who.do(parts[0], strings.Replace(parts[1], "ID", "key_"+strings.Repeat("0", len(theirs.ID)-4), 1), parts[2])
			d.wantRefused(there, http.StatusNotFound, "not_found")
			if nowhere.status != there.status || shape(nowhere) != shape(there) {
				t.Errorf("%s: %v of another workspace, and %v of nobody", request, there, nowhere)
			}
		}
	}
	var now struct{ Name, Status string }
	d.read(&now, http.StatusOK, http.MethodGet, "/v1/keys/"+theirs.ID, "")
	if now.Name != "a key" || now.Status != "active" || d.get("/", theirs.bearer()).status != http.StatusOK {
		t.Errorf("the key is now %+v", now)
	}
	refused := 0
	for _, entry := range rivals.trail("?limit=1000") {
		if strings.HasSuffix(entry.Action, ".refused") {
			refused++
		}
		if entry.KeyID == theirs.ID || strings.Contains(entry.Target, theirs.ID) {
			t.Errorf("their trail names the key: %+v", entry)
		}
	}
	if refused != 26 { // each change by each, for either key, and each read by each once
		t.Errorf("their trail has %d refusals", refused)
	}
}

func TestMGMT05NobodyMakesAKeyForAnotherWorkspace(t *testing.T) {
	t.Parallel()
	d := setupDesk(t, options{}, "")
	mine := d.as(d.newToken())
	manager := d.newKey(`"scopes":["all"]`)
	rivals := d.of("rivals")
	for _, who := range []desk{mine, mine.as(manager.Secret)} {
		d.wantRefused(who.do(http.MethodPost, "/v1/keys?workspace=rivals", `{"name":"sideways"}`), http.StatusForbidden, "workspace_mismatch")
		d.wantRefused(who.do(http.MethodPost, "/v1/keys", `{"name":"sideways"}`, "Keystile-Workspace: rivals"), http.StatusForbidden, "workspace_mismatch")
		for _, field := range []string{"workspace", "workspace_id", "tenant"} {
			d.wantRefused(who.do(http.MethodPost, "/v1/keys", `{"name":"sideways","`+field+`":"rivals"}`), http.StatusUnprocessableEntity, "invalid_request")
			d.wantRefused(who.do(http.MethodPost, "/v1/keys?"+field+"_id=rivals", `{"name":"sideways"}`), http.StatusUnprocessableEntity, "invalid_request")
		}
		var made struct{ Workspace, Owner string }
		who.read(&made, http.StatusCreated, http.MethodPost, "/v1/keys", `{"name":"named after them","owner":"rivals"}`)
		if made.Workspace != "default" {
			t.Errorf("made %+v", made)
		}
	}
	if there := rivals.ids(""); len(there) > 0 {
		t.Errorf("the other workspace has the keys %q", there)
	}
}

func TestMGMT06TokensAndKeysAreNeverTakenForEachOther(t *testing.T) {
	t.Parallel()
	d := setupDesk(t, options{}, "")
	plain := d.newKey(`"scopes":["read"]`)
	asked := d.asksStore(func() {
		for _, secret := range []string{d.credential, d.newToken(), resum("kst_" + strings.Repeat("0", 36))} {
			wantAnswer(t, d.gate, d.get("/", bearer(secret)), http.StatusUnauthorized, "malformed_key")
		}
	})
	if asked != 0 {
		t.Errorf("%d of the tokens were looked up as keys", asked)
	}
	for _, target := range []string{"/v1/keys", "/v1/openapi.json", "/v1/nothing", "/v1/tokens"} {
		d.wantRefused(d.as(plain.Secret).do(http.MethodGet, target, ""), http.StatusForbidden, "insufficient_scope")
	}
	d.wantRefused(d.as(plain.Secret).do(http.MethodPost, "/v1/keys", `{"name":"sneaked"}`), http.StatusForbidden, "insufficient_scope")
	// Neither prefix makes the other's body good.
	body := func(secret string) string { return secret[strings.LastIndex(secret, "_")+1:] }
	for _, crossed := range []string{"kst_" + body(plain.Secret), resum("kst_" + body(plain.Secret)), "ks_live_" + body(d.credential), resum("ks_live_" + body(d.credential))} {
		d.wantRefused(d.as(crossed).do(http.MethodGet, "/v1/keys", ""), http.StatusUnauthorized, "invalid_token")
	}
}

func TestMGMT07OperatorsCallsAreForOperators(t *testing.T) {
	t.Parallel()
	d := setupDesk(t, options{app: "plan small {\n max_keys 2\n}\nplan big {\n}\ndefault_plan small"}, "")
	mine := d.as(d.newToken())
	manager := d.newKey(`"scopes":["all"]`)
	rivals := d.of("rivals")
	var token, operators struct{ Data []struct{ ID string } }
	rivals.read(&token, http.StatusOK, http.MethodGet, "/v1/tokens", "")
	d.read(&operators, http.StatusOK, http.MethodGet, "/v1/tokens?all_workspaces=true", "")
	for _, who := range []desk{mine, mine.as(manager.Secret)} {
		for _, request := range []string{
			`POST /v1/workspaces {"name":"sneaked"}`, `PATCH /v1/workspaces/default {"plan":"big"}`, `PATCH /v1/workspaces/rivals {"plan":"big"}`,
			`POST /v1/tokens {"name":"sneaked","all_workspaces":true}`, "GET /v1/tokens?all_workspaces=true",
		} {
			parts := append(strings.SplitN(request, " ", 3), "")
			d.wantRefused(who.do(parts[0], parts[1], parts[2]), http.StatusForbidden, "not_permitted")
		}
		for _, request := range []string{"GET /v1/tokens?workspace=rivals", `POST /v1/tokens?workspace=rivals {"name":"sneaked"}`, "DELETE /v1/tokens/" + token.Data[0].ID + "?workspace=rivals"} {
			parts := append(strings.SplitN(request, " ", 3), "")
			d.wantRefused(who.do(parts[0], parts[1], parts[2]), http.StatusForbidden, "workspace_mismatch")
		}
	}
	for _, id := range []string{token.Data[0].ID, operators.Data[0].ID} {
		d.wantRefused(mine.do(http.MethodDelete, "/v1/tokens/"+id, ""), http.StatusNotFound, "not_found")
		d.wantRefused(mine.as(manager.Secret).do(http.MethodDelete, "/v1/tokens/"+id, ""), http.StatusForbidden, "not_permitted")
	}
	if got := d.do(http.MethodGet, "/v1/workspaces", ""); strings.Contains(got.body, "sneaked") || strings.Contains(got.body, "big") || rivals.do(http.MethodGet, "/v1/keys", "").status != http.StatusOK {
		t.Errorf("now there are the workspaces %v", got)
	}
	refused := map[string]int{}
	for _, entry := range d.trail("?limit=1000") {
		if strings.HasSuffix(entry.Action, ".refused") {
			refused[entry.Action]++
		}
	}
	for action, least := range map[string]int{"workspace.create.refused": 2, "workspace.edit.refused": 4, "token.create.refused": 4, "token.list.refused": 2, "token.delete.refused": 3} {
		if refused[action] < least {
			t.Errorf("the audit trail has %s %d times, want %d", action, refused[action], least)
		}
	}
}
