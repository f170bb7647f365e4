package api_test

import (
	"encoding/json"
	"flag"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestTheDocumentDescribesWhatIsServed(t *testing.T) {
	t.Parallel()
	f, _ := setupFake(t)
	got := f.do(t, "GET", "/v1/openapi.json", "")
	text, err := json.MarshalIndent(got.doc, "", "  ")
	if err != nil || got.StatusCode != 200 {
		t.Fatalf("%d, %v", got.StatusCode, err)
	}
	file := filepath.Join("testdata", "openapi.json.golden")
	if *update {
		if err := os.WriteFile(file, append(text, '\n'), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(text)+"\n"); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

// The address is relative to the document, wherever that is mounted.
func TestTheDocumentLeadsToTheAPI(t *testing.T) {
	t.Parallel()
	f, _ := setupFake(t)
	servers, _ := f.do(t, "GET", "/v1/openapi.json", "").doc["servers"].([]any)
	server, _ := servers[0].(map[string]any)["url"].(string)
	for document, want := range map[string]string{
		"https://admin.example.com/v1/openapi.json":            "https://admin.example.com/",
		"https://api.example.com/manage/keys/v1/openapi.json":  "https://api.example.com/manage/keys/",
		"http://127.0.0.1:9080/keystile-admin/v1/openapi.json": "http://127.0.0.1:9080/keystile-admin/",
	} {
		base, err := url.Parse(document)
		if err != nil {
			t.Fatal(err)
		}
		got, err := base.Parse(server)
		if err != nil || got.String() != want {
			t.Errorf("from %s it leads to %s, %v", document, got, err)
		}
	}
}

// A request that is served is one that the document describes, and what the
// document rules out is refused.
func TestTheDocumentTakesWhatIsServed(t *testing.T) {
	t.Parallel()
	f, _ := setupFake(t)
	document := validate(t)
	taken := func(row string) bool {
		method, rest, _ := strings.Cut(row, " ")
		target, body, _ := strings.Cut(rest, " ")
		r := httptest.NewRequestWithContext(t.Context(), method, target, strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer kst_any")
		if body != "" {
			r.Header.Set("Content-Type", "application/json")
		}
		ok, errs := document.ValidateHttpRequest(r)
		if !ok {
			t.Logf("%s: %s", row, told(errs))
		}
		return ok
	}
	for id, row := range asked {
		if !taken(row.request) {
			t.Errorf("%s: the document has no %s", id, row.request)
		}
	}
	for _, row := range []string{
		`PATCH /v1/keys/key_a {"name":"new","description":null,"scopes":["a"],"status":"inactive","profile":null,"expires_at":null,"allowed_ips":null,"metadata":{"a":"b"},"reason":"r"}`,
		`PATCH /v1/workspaces/w {"plan":null}`, "POST /v1/keys/key_a/revoke {}", "POST /v1/keys/key_a/rotate {}", "GET /v1/keys?limit=1000", "GET /v1/tokens?all_workspaces=false",
	} {
		method, rest, _ := strings.Cut(row, " ")
		target, body, _ := strings.Cut(rest, " ")
		if got := f.do(t, method, target, body); !taken(row) || got.StatusCode > 299 {
			t.Errorf("%s: %d %s, and by the document: %t", row, got.StatusCode, got.text, taken(row))
		}
	}
	for _, row := range []string{
		`POST /v1/keys {}`, `POST /v1/keys {"name":7}`, `POST /v1/keys {"name":"x","sudo":true}`, `POST /v1/keys {"name":"x","scopes":"read"}`,
		`PATCH /v1/keys/key_a {"environment":"test"}`, `PATCH /v1/keys/key_a {"metadata":{"a":1}}`, `PATCH /v1/keys/key_a {"name":["a"]}`,
		"GET /v1/keys?status=glorious", "GET /v1/keys?limit=0", "GET /v1/keys?limit=many", "GET /v1/tokens?all_workspaces=yes",
	} {
		if taken(row) {
			t.Errorf("the document takes %s", row)
		}
	}
}

func TestTheDocumentIsOfUse(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("testdata", "openapi.json.golden"))
	if err != nil {
		t.Fatal(err)
	}
	if found := regexp.MustCompile(`(ks_live_|ks_test_|kst_)[0-9A-Za-z]{5,}`).FindString(string(text)); found != "" {
		t.Errorf("%s looks like a secret", found)
	}
	if found := regexp.MustCompile(`"Field(String|List|Map|Status|Interface)\w*"|"\$schema"|interface`).FindString(string(text)); found != "" {
		t.Errorf("%s tells of Go, and not of the API", found)
	}
	for id, call := range operations(t) {
		for _, status := range []int{401, 403, 404, 422, 500, 503} {
			if !call.statuses[status] {
				t.Errorf("%s has no %d", id, status)
			}
		}
		if takesBody := strings.Contains("POST PATCH", call.method); takesBody != call.statuses[415] || takesBody != call.statuses[413] || takesBody != call.statuses[400] {
			t.Errorf("%s %s has the statuses %v", call.method, id, call.statuses)
		}
	}
}
