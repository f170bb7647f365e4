package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/manage"
	"github.com/keystile/keystile/internal/storage"
)

func TestAKeyIsMadeShownListedAndEnded(t *testing.T) {
	t.Parallel()
	f := setup(t)
	if _, err := f.manager.CreateProject(t.Context(), f.command, manage.NewProject{Name: "p1"}); err != nil {
		t.Fatal(err)
	}
	made := f.create(t, `{"name":"full key","description":"for tests","environment":"test","scopes":["read"],"kind":"project",
		"project":"p1","owner":"ann","expires_at":"2027-01-01T00:00:00Z","plan":"free","allowed_ips":["127.0.0.1"],"metadata":{"team":"blue"}}`)
	id, _ := made["id"].(string)
	secret, _ := made["secret"].(string)
	if !strings.HasPrefix(secret, "ks_test_") || made["created_by"] != "a token" || made["expires_at"] != "2027-01-01T00:00:00Z" {
		t.Errorf("made %v", made)
	}
	for _, target := range []string{"/v1/keys/" + id, "/v1/keys", "/v1/keys?project=p1&environment=test&status=active&owner=ann&q=full&limit=1"} {
		got := f.do(t, "GET", target, "")
		if got.StatusCode != http.StatusOK || !strings.Contains(got.text, `"id":"`+id+`"`) || strings.Contains(got.text, `"secret"`) {
			t.Errorf("%s: %d %s", target, got.StatusCode, got.text)
		}
	}
	for _, body := range []string{`{"reason":"leaked"}`, "", "{}"} {
		got := f.do(t, "POST", "/v1/keys/"+id+"/revoke", body)
		if got.StatusCode != http.StatusOK || got.doc["status"] != "revoked" {
			t.Errorf("revoked with %q: %d %s", body, got.StatusCode, got.text)
		}
	}
	if got := f.do(t, "HEAD", "/v1/keys/"+id, ""); got.StatusCode != http.StatusOK {
		t.Errorf("HEAD: %d", got.StatusCode)
	}
}

func TestChangesAreRecordedWithTheClientsAddress(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.create(t, `{"name":"a key"}`)
	err := f.store.View(t.Context(), func(r storage.Reader) error {
		trail, err := r.Audit(t.Context(), storage.AuditFilter{Workspace: "default", Limit: 1})
		if len(trail) != 1 || trail[0].Client != "192.0.2.1" || !strings.HasPrefix(trail[0].Actor, "token:a token (tok_") {
			t.Errorf("recorded %+v", trail)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestUsageIsServed(t *testing.T) {
	t.Parallel()
	f := setup(t)
	id, _ := f.create(t, `{"name":"a key"}`)["id"].(string)
	err := f.store.ApplyUsage(t.Context(), storage.UsageBatch{Incarnation: "node", Sequence: 1, Cells: []storage.UsageCell{
		{KeyID: keys.ID(id), Hour: start.Truncate(3600e9), Endpoint: "GET /a", Outcome: "2xx", Count: 7, Last: start},
	}})
	if err != nil {
		t.Fatal(err)
	}
	for query, want := range map[string]string{
		"":                            `{"total":7,"data":[{"endpoint":"GET /a","calls":7,"denied":0}]}`,
		"?by=project":                 `{"total":7,"data":[{"project":"","calls":7,"denied":0}]}`,
		"?by=time&from=1h":            `{"total":7,"data":[{"time":"2026-11-22T12:00:00Z","calls":7,"denied":0}]}`,
		"?from=2027-01-01T00%3A00Z":   "from",
		"?to=2026-11-22T12%3A00:00Z":  `{"total":0,"data":[]}`,
		"?by=color":                   "by",
		"?by=time&to=yesterday":       "to",
		"?from=2026-11-22T12:00:00Z+": "from",
	} {
		got := f.do(t, "GET", "/v1/keys/"+id+"/usage"+query, "")
		if strings.HasPrefix(want, "{") {
			if got.StatusCode != http.StatusOK || got.text != want+"\n" {
				t.Errorf("%s: %d %s, want %s", query, got.StatusCode, got.text, want)
			}
			continue
		}
		wantRefusal(t, got, 422, "invalid_request", want)
	}
}

func TestPagesFollowTheCursor(t *testing.T) {
	t.Parallel()
	f := setup(t)
	for i := range 5 {
		f.create(t, fmt.Sprintf(`{"name":"key %d"}`, i))
	}
	seen, cursor := map[any]bool{}, ""
	for range 3 {
		got := f.do(t, "GET", "/v1/keys?limit=2&cursor="+cursor, "")
		data, _ := got.doc["data"].([]any)
		for _, row := range data {
			seen[row.(map[string]any)["id"]] = true
		}
		cursor, _ = got.doc["next_cursor"].(string)
	}
	if len(seen) != 5 || cursor != "" {
		t.Errorf("three pages of two have %d keys, and go on at %q", len(seen), cursor)
	}
}

func TestBadBodiesAreRefusedByNameAndMakeNothing(t *testing.T) {
	t.Parallel()
	f := setup(t)
	for body, want := range map[string]string{
		`{"name":"ab"}`:                                   "name",
		`{"scopes":["read"]}`:                             "name",
		`{"name":"good","scopes":["fly"]}`:                "scopes",
		`{"name":"good","scopes":5}`:                      "scopes",
		`{"name":"good","scopes":"read"}`:                 "scopes",
		`{"name":"good","scopes":[1]}`:                    "scopes",
		`{"name":"good","scopes":[null]}`:                 "scopes",
		`{"name":7}`:                                      "name",
		`{"name":["good"]}`:                               "name",
		`{"name":"good","environment":"staging"}`:         "environment",
		`{"name":"good","kind":"royal"}`:                  "kind",
		`{"name":"good","project":"nobodys"}`:             "project",
		`{"name":"good","profile":"nobodys"}`:             "profile",
		`{"name":"good","plan":"nobodys"}`:                "plan",
		`{"name":"good","allowed_ips":["10.0.0.256"]}`:    "allowed_ips",
		`{"name":"good","expires_at":"2020-01-01"}`:       "expires_at",
		`{"name":"good","expires_at":1234}`:               "expires_at",
		`{"name":"good","expires_in":"soon"}`:             "expires_in",
		`{"name":"good","metadata":{"a":{"b":"c"}}}`:      "metadata",
		`{"name":"good","metadata":[]}`:                   "metadata",
		`{"name":"good","sudo":true}`:                     "sudo",
		`{"name":"good","workspace":"rivals"}`:            "workspace",
		`{"name":"good","id":"key_mine"}`:                 "id",
		`{"name":"good","Name":"bad"}`:                    "",
		`{"name":"good","":1}`:                            "",
		`{"name":"good","name":"better"}`:                 "name",
		`{"name":"good","ks_live_0123456789ABCDEFGHI":1}`: "",
	} {
		wantRefusal(t, f.do(t, "POST", "/v1/keys", body), 422, "invalid_request", want)
	}
	for _, body := range []string{
		"", " ", `{"name":`, `{"name":"good"}}`, `{"name":"good"}{}`, `{"name":"good"} x`, "null", `"good"`, `["good"]`, "5",
		`{name:"good"}`, `{"name":'good'}`, "{\"name\":\"go\xffod\"}", "\x00", "\ufeff{}", strings.Repeat("[", 100_000),
	} {
		wantRefusal(t, f.do(t, "POST", "/v1/keys", body), 400, "invalid_json", "")
	}
	wantRefusal(t, f.do(t, "POST", "/v1/keys", `{"name":"`+strings.Repeat("x", 1<<20)+`"}`), 413, "body_too_large", "")
	if n := f.rows(t); n != 0 {
		t.Errorf("bad bodies made %d keys", n)
	}
}

func TestNullMeansNotStated(t *testing.T) {
	t.Parallel()
	f := setup(t)
	made := f.create(t, `{"name":"good","description":null,"environment":null,"scopes":null,"project":null,"expires_at":null,"metadata":null}`)
	if made["environment"] != "live" || made["expires_at"] != nil {
		t.Errorf("made %v", made)
	}
}

func TestBadQueriesAreRefused(t *testing.T) {
	t.Parallel()
	f := setup(t)
	for query, param := range map[string]string{
		"stauts=revoked": "stauts", "status=glorious": "status", "environment=staging": "environment", "limit=0": "limit",
		"limit=-1": "limit", "limit=many": "limit", "limit=1001": "limit", "limit=1e3": "limit", "cursor=%21%21nonsense": "cursor",
		"status=active&status=revoked": "status", "q=%00": "q", "q=%ff": "q", "%zz": "", "a;b": "", "a_name_of_twenty_five_char=1": "", "ks_live_ABC=1": "",
	} {
		wantRefusal(t, f.do(t, "GET", "/v1/keys?"+query, ""), 422, "invalid_request", param)
	}
}

func TestMGMT08ThePlansLimitIsAConflict(t *testing.T) {
	t.Parallel()
	f := setup(t)
	if _, err := f.manager.CreateWorkspace(t.Context(), f.command, manage.NewWorkspace{Name: "small", Plan: "free"}); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		f.create(t, `{"name":"a key"}`, as(f.operator), "Keystile-Workspace: small")
	}
	got := f.do(t, "POST", "/v1/keys", `{"name":"a key"}`, as(f.operator), "Keystile-Workspace: small")
	wantRefusal(t, got, 409, "plan_limit_reached", "")
}
