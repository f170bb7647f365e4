package caddymodule

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// handle_errors, and FastCGI in it, go back to the address that the client sent.
func TestALateRequestIsRefusedWithoutItsKeyInAnyAddress(t *testing.T) {
	t.Parallel()
	f := setupBench(t)
	h := &Handler{app: f.app}
	h.calls.New = f.calls.New
	h.Credentials = []Credential{{Source: query, Name: "api_key"}}
	h.Errors = errorsCaddy
	var err error
	must(t, func() { h.gate, err = h.app.newGate(&h.Policy, resolve) }, &err)
	must(t, func() { err = f.app.engine.Hurry(0) }, &err)
	w := httptest.NewRecorder()
	r := prepared(t.Context(), httptest.NewRequest(http.MethodGet, "/v1/projects?api_key="+f.secret+"&page=2", http.NoBody), http.Header{}, w)
	sent := r.Context().Value(caddyhttp.OriginalRequestCtxKey).(http.Request).URL
	stands := *sent
	r.URL = &stands // as with Caddy, one is a copy of the other
	if err := h.ServeHTTP(w, r, ok); err == nil {
		t.Fatal("it was let in")
	}
	for name, u := range map[string]*url.URL{"as it was sent": sent, "as it stands": r.URL} {
		if u.RawQuery != "page=2" {
			t.Errorf("the address %s: %s", name, u)
		}
	}
}
