package api_test

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"strings"
	"testing"

	"github.com/keystile/keystile/internal/manage"
)

func TestBodiesAreJSON(t *testing.T) {
	t.Parallel()
	f, service := setupFake(t)
	const body = `{"name":"good"}`
	for _, fine := range [][]string{
		nil, {"Content-Type: application/json"}, {"Content-Type: application/json; charset=utf-8"}, {"Content-Type: Application/JSON;charset=\"UTF-8\""},
		{"Content-Type: application/json", "Content-Encoding: identity"}, {"Content-Encoding: "},
	} {
		if got := f.do(t, "POST", "/v1/keys", body, fine...); got.StatusCode != http.StatusCreated {
			t.Errorf("%q: %d %s", fine, got.StatusCode, got.text)
		}
	}
	calls := len(service.calls)
	for _, other := range [][]string{
		{"Content-Type: application/x-www-form-urlencoded"}, {"Content-Type: text/plain"}, {"Content-Type: text/json"}, {"Content-Type: "},
		{"Content-Type: application/json; charset=utf-16"}, {"Content-Type: application/xml"}, {"Content-Type: multipart/form-data; boundary=x"},
		{"Content-Type: application/json", "Content-Type: text/plain"}, {"Content-Type: application/merge-patch+json"}, {"Content-Type: application/json;" + " =;"},
	} {
		got := f.do(t, "POST", "/v1/keys", body, other...)
		wantRefusal(t, got, 415, "unsupported_media_type", "")
		if got.Header.Get("Accept") != "application/json" {
			t.Errorf("%q: told to send %q", other, got.Header.Get("Accept"))
		}
	}
	if len(service.calls) != calls {
		t.Errorf("the service was asked for %q", service.calls[calls:])
	}
	if got := f.do(t, "POST", "/v1/keys/key_a/revoke", "", "Content-Type: text/plain"); got.StatusCode != http.StatusOK {
		t.Errorf("no body of any kind: %d %s", got.StatusCode, got.text)
	}
	if got := f.do(t, "DELETE", "/v1/keys/key_a", "anything", "Content-Type: text/plain"); got.StatusCode != http.StatusNoContent {
		t.Errorf("a body where none is read: %d %s", got.StatusCode, got.text)
	}
}

func TestCompressedBodiesAreRefusedClearly(t *testing.T) {
	t.Parallel()
	f, service := setupFake(t)
	var packed bytes.Buffer
	zip := gzip.NewWriter(&packed)
	if _, err := zip.Write([]byte(`{"name":"good"}`)); err != nil || zip.Close() != nil {
		t.Fatal(err)
	}
	for _, coding := range []string{"gzip", "br", "gzip, identity", "GZIP", "x"} {
		got := f.do(t, "POST", "/v1/keys", packed.String(), "Content-Type: application/json", "Content-Encoding: "+coding)
		wantRefusal(t, got, 415, "unsupported_media_type", "")
		if got.Header.Get("Accept-Encoding") != "identity" {
			t.Errorf("%s: told to send %q", coding, got.Header.Get("Accept-Encoding"))
		}
	}
	wantRefusal(t, f.do(t, "POST", "/v1/keys", packed.String(), "Content-Type: application/json"), 400, "invalid_json", "")
	if len(service.calls) > 0 {
		t.Errorf("the service was asked for %q", service.calls)
	}
}

func TestBodiesOfTenMegabytesAreRefused(t *testing.T) {
	t.Parallel()
	f, service := setupFake(t)
	server := f.listen(t)
	body := `{"name":"` + strings.Repeat("x", 10<<20) + `"}`
	for _, request := range []string{"POST /v1/keys", "PATCH /v1/keys/key_a", "POST /v1/keys/key_a/revoke", "POST /v1/keys/verify"} {
		method, target, _ := strings.Cut(request, " ")
		wantRefusal(t, f.do(t, method, target, body), 413, "body_too_large", "")
		wantRefusal(t, f.do(t, method, target, body, "Content-Type: text/plain"), 413, "body_too_large", "")
	}
	// Whoever sends on regardless may find the connection closed; the next call goes through.
	if got, err := server.try("POST", "/v1/keys", body); err == nil {
		wantRefusal(t, got, 413, "body_too_large", "")
	}
	if got := server.send(t, "GET", "/v1/keys"); got.StatusCode != http.StatusOK || len(service.calls) != 1 {
		t.Errorf("%d, and the service was asked for %q", got.StatusCode, service.calls)
	}
}

func TestAnEditTellsNullFromNothing(t *testing.T) {
	t.Parallel()
	f, service := setupFake(t)
	for body, want := range map[string]string{
		`{}`:                    "ExpiresAt:{Set:false Null:false Value:}",
		`{"expires_at":null}`:   "ExpiresAt:{Set:true Null:true Value:}",
		`{"expires_at":"2027"}`: "ExpiresAt:{Set:true Null:false Value:2027}",
		`{"scopes":[]}`:         "Scopes:{Set:true Null:false Value:[]}",
		`{"scopes":null}`:       "Scopes:{Set:true Null:true Value:[]}",
		`{"metadata":{}}`:       "Metadata:{Set:true Null:false Value:map[]}",
		`{"status":"inactive"}`: "Status:{Set:true Null:false Value:inactive}",
		`{"project":null}`:      "Project:{Set:true Null:true Value:<nil>}",
		`{"project":7}`:         "Project:{Set:true Null:false Value:7}",
		`{"reason":null}`:       "Reason: ",
	} {
		if got := f.do(t, "PATCH", "/v1/keys/key_a", body); got.StatusCode != http.StatusOK || !strings.Contains(service.last(), want) {
			t.Errorf("%s: %d, and the service was asked for %s, want %s", body, got.StatusCode, service.last(), want)
		}
	}
}

func TestWrongTypesAreNamed(t *testing.T) {
	t.Parallel()
	f, service := setupFake(t)
	for request, message := range map[string]string{
		`PATCH /v1/keys/key_a {"name":7}`:                                "name must be a string, or null.",
		`PATCH /v1/keys/key_a {"scopes":"read"}`:                         "scopes must be a list of strings, or null.",
		`PATCH /v1/keys/key_a {"scopes":["a",null]}`:                     "scopes must be a list of strings, or null.",
		`PATCH /v1/keys/key_a {"metadata":[]}`:                           "metadata must be an object with strings as values, or null.",
		`PATCH /v1/keys/key_a {"metadata":{"a":null}}`:                   "metadata must be an object with strings as values, or null.",
		`PATCH /v1/keys/key_a {"metadata":{"a":"b","a":"c"}}`:            "metadata must be an object with strings as values, or null.",
		`PATCH /v1/keys/key_a {"status":["active"]}`:                     "status must be a string, or null.",
		`PATCH /v1/workspaces/w {"plan":{}}`:                             "plan must be a string, or null.",
		`POST /v1/keys {"name":"x","metadata":{"a":"b","a":"c"}}`:        "metadata must be an object with strings as values.",
		`POST /v1/keys {"name":"x","metadata":{"a":null}}`:               "metadata must be an object with strings as values.",
		`POST /v1/keys {"name":"x","scopes":[null]}`:                     "scopes must be a list of strings.",
		`POST /v1/tokens {"name":"x","all_workspaces":"yes"}`:            "all_workspaces must be true or false.",
		`POST /v1/keys/verify {"key":"x","cost":1.5}`:                    "cost must be a whole number.",
		`POST /v1/keys/verify {"key":"x","cost":"1"}`:                    "cost must be a whole number.",
		`POST /v1/keys/key_a/rotate {"grace":3600}`:                      "grace must be a string.",
		`POST /v1/keys/key_a/revoke {"wait":5}`:                          "wait must be a string.",
		`POST /v1/keys {"name":` + deep(9000) + `}`:                      "name must be a string.",
		`POST /v1/keys {"name":"x","metadata":{"a":` + deep(9000) + `}}`: "metadata must be an object with strings as values.",
	} {
		parts := strings.SplitN(request, " ", 3)
		got := f.do(t, parts[0], parts[1], parts[2])
		param, _, _ := strings.Cut(message, " ")
		wantRefusal(t, got, 422, "invalid_request", param)
		if got.err["message"] != message {
			t.Errorf("%.80s: %v, want %s", request, got.err["message"], message)
		}
	}
	if len(service.calls) > 0 {
		t.Errorf("the service was asked for %q", service.calls)
	}
}

// deep is a list in a list in a list.
func deep(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }

func TestABodyThatNeedsNoWordsTakesNone(t *testing.T) {
	t.Parallel()
	f, service := setupFake(t)
	wantRefusal(t, f.do(t, "POST", "/v1/keys/key_a/reactivate", `{"name":"x"}`), 422, "invalid_request", "name")
	wantRefusal(t, f.do(t, "POST", "/v1/keys/key_a/reactivate", `[]`), 400, "invalid_json", "")
	for _, body := range []string{"", "{}", " {} "} {
		if got := f.do(t, "POST", "/v1/keys/key_a/reactivate", body); got.StatusCode != http.StatusOK {
			t.Errorf("%q: %d %s", body, got.StatusCode, got.text)
		}
	}
	if len(service.calls) != 3 || service.call.Actor.Kind != manage.ActorToken {
		t.Errorf("the service was asked for %q by %v", service.calls, service.call.Actor)
	}
}
