package e2e

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// What stands in a path reaches the API as it was sent, wherever that is
// mounted.
func TestNamesSurviveTheWayToTheAPI(t *testing.T) {
	t.Parallel()
	for _, mount := range []string{"", "/manage/keystile"} {
		d := setupDesk(t, options{}, mount)
		for _, name := range []string{"a/b", "a%2Fb", "50% off", "a b", "möbel", "...", "a;b", "a?b#c", "{http.request.uri}"} {
			got := d.read(nil, http.StatusCreated, http.MethodPost, "/v1/profiles", `{"name":"`+name+`"}`)
			at := mount + "/v1/profiles/" + url.PathEscape(name)
			if got.header.Get("Location") != at {
				t.Errorf("%s is at %q, want %q", name, got.header.Get("Location"), at)
			}
			d.read(nil, http.StatusNoContent, http.MethodDelete, strings.TrimPrefix(at, mount), "")
			d.wantRefused(d.do(http.MethodDelete, strings.TrimPrefix(at, mount), ""), http.StatusNotFound, "not_found")
		}
		for _, name := range []string{".", ".."} {
			d.wantRefused(d.do(http.MethodPost, "/v1/profiles", `{"name":"`+name+`"}`), http.StatusUnprocessableEntity, "invalid_request")
		}
	}
}

func TestOnlyPlainPathsLeadToTheAPI(t *testing.T) {
	t.Parallel()
	d := setupDesk(t, options{}, "") // under a path, handle_path makes them plain
	for _, target := range []string{"/v1//keys", "/v1/./keys", "/v1/x/../keys", "//v1/keys", "/v1/keys/", "/v1/keys%2f", "/v1", "/"} {
		d.wantRefused(d.do(http.MethodGet, target, ""), http.StatusNotFound, "not_found")
	}
}

func TestOddRequestsAreRefusedAndTheNextOneIsServed(t *testing.T) {
	t.Parallel()
	d := setupDesk(t, options{}, "")
	d.wantRefused(d.do(http.MethodPost, "/v1/keys", `{"name":"good"}`, "Content-Type: application/x-www-form-urlencoded"), http.StatusUnsupportedMediaType, "unsupported_media_type")
	d.wantRefused(d.do(http.MethodPost, "/v1/keys", "\x1f\x8b\x08", "Content-Type: application/json", "Content-Encoding: gzip"), http.StatusUnsupportedMediaType, "unsupported_media_type")
	d.wantRefused(d.do(http.MethodPost, "/v1/keys", strings.Repeat("[", 1<<20)), http.StatusBadRequest, "invalid_json")
	d.wantRefused(d.do(http.MethodPost, "/v1/keys", `{"name":"good"}{"name":"good"}`), http.StatusBadRequest, "invalid_json")
	if got, err := d.call(http.MethodPost, "/v1/keys", `{"name":"`+strings.Repeat("x", 10<<20)+`"}`); err == nil { // else it was cut off while it sent
		d.wantRefused(got, http.StatusRequestEntityTooLarge, "body_too_large")
	}
	for _, method := range []string{http.MethodOptions, http.MethodPut, "PROPFIND", "patch"} {
		got := d.do(method, "/v1/keys", "")
		d.wantRefused(got, http.StatusMethodNotAllowed, "method_not_allowed")
		if got.header.Get("Allow") != "GET, HEAD, POST" {
			t.Errorf("%s: allowed are %q", method, got.header.Get("Allow"))
		}
	}
	if ids := d.ids(""); len(ids) > 0 {
		t.Errorf("there are the keys %q", ids)
	}
	k := d.newKey("")
	tag := d.read(nil, http.StatusOK, http.MethodGet, "/v1/keys/"+k.ID, "").header.Get("ETag")
	d.read(nil, http.StatusNotModified, http.MethodGet, "/v1/keys/"+k.ID, "", "If-None-Match: "+tag)
	d.read(nil, http.StatusOK, http.MethodPatch, "/v1/keys/"+k.ID, `{"name":"renamed"}`, `If-Match: "other"`, "If-Match: "+tag)
	d.wantRefused(d.do(http.MethodPatch, "/v1/keys/"+k.ID, `{"name":"lost"}`, `If-Match: "other"`, "If-Match: "+tag), http.StatusPreconditionFailed, "precondition_failed")
	d.read(nil, http.StatusOK, http.MethodGet, "/v1/keys/"+k.ID, "", "If-None-Match: "+tag)
}
