package gateway_test

import (
	"bufio"
	"bytes"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/keystile/keystile/internal/gateway"
	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/policy"
)

// readAlike are routes of a gate, and the patterns of Go's router behind it that
// mean the same.
var readAlike = []struct{ gate, mux, scope string }{
	{"/{$}", "/{$}", ""},
	{"/public/*", "/public/", ""},
	{"/v1/*", "/v1/", "read"},
	{"/v1/admin", "/v1/admin", "admin"},
	{"/v1/admin/*", "/v1/admin/", "admin"},
	{"/v2/{name}", "/v2/{name}", "read"},
	{"/v2/{name}/end", "/v2/{name}/end", "admin"},
	{"/Files/{id}", "/Files/{id}", "admin"},
}

// goUpstream is a server behind the gate: it says which pattern a request met,
// and what {name} or {id} was.
func goUpstream() *http.ServeMux {
	mux := http.NewServeMux()
	for _, route := range readAlike {
		mux.HandleFunc("GET "+route.mux, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Met", route.gate)
			w.Header().Set("Value", r.PathValue("name")+r.PathValue("id"))
		})
	}
	return mux
}

// FuzzGoReadsWhatIsLetInAsTheGateDoes sends every target that a gate lets in
// through a router of Go's, as it comes off the wire there.
func FuzzGoReadsWhatIsLetInAsTheGateDoes(f *testing.F) {
	for _, seed := range []string{
		"/", "/public/", "/public/x", "/v1/", "/v1/x/y", "/v1/admin", "/v1/admin/", "/v1/admin/x", "/v1/%61dmin", "/v1/%61dmin/", "/V1/ADMIN", "/v1/Admin", "/v1/admin.",
		"/v1/admin;x", "/v1/admin%20", "/v2/a%20b", "/v2/caf%c3%a9/end", "/v2/x/%65nd", "/Files/1", "/files/1", "/Files/a+b", "/Files/a%2Bb", "/Files/100%25",
		"//v1/admin", "/v1//admin", "/public/../v1/admin", "/public/%2e%2e/v1/admin", "/public%2f..%2fv1/admin", `/public/..\v1\admin`, "/v1%5cadmin", "/public/..;/v1/admin",
		"/%252e%252e/v1/admin", "/v1/admin%00", "/v1/admin?x=/public/", "/public/x?/../v1/admin", "/public/#/../v1", "http://h/v1/admin", "http://h//v1/admin", "http:v1/admin", "*", "/v1/\xff",
	} {
		f.Add(seed)
	}
	var routes []*policy.Route
	for _, route := range readAlike {
		r := &policy.Route{Methods: []string{"GET"}, Pattern: strings.TrimSuffix(route.gate, "{$}"), Scopes: []string{route.scope}}
		if route.scope == "" {
			r.Public, r.Scopes = true, nil
		}
		routes = append(routes, r)
	}
	gate, upstream := setup(f, routes), goUpstream()
	holders := map[string][]string{"": nil}
	for _, scopes := range [][]string{{"read"}, {"admin"}, {"read", "admin"}} {
		_, secret := gate.key(func(k *keys.Key) { k.Scopes = scopes })
		holders[secret] = scopes
	}
	f.Fuzz(func(t *testing.T, target string) {
		for secret := range holders {
			r, err := http.ReadRequest(bufio.NewReader(strings.NewReader("GET " + target + " HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer " + secret + "\r\n\r\n")))
			if err != nil {
				return // the server itself refuses it
			}
			c := &gateway.Call{Request: r}
			if gate.gate.Decide(c); c.Verdict.Admitted() {
				wantReadAlike(t, upstream, c)
			}
		}
	})
}

// wantReadAlike checks that the router meets the route that the gate met, and
// finds what the gate's own reading of the path has in the place of its
// wildcard.
func wantReadAlike(t *testing.T, upstream *http.ServeMux, c *gateway.Call) {
	t.Helper()
	var wire bytes.Buffer
	if err := c.Request.Write(&wire); err != nil {
		t.Fatalf("%q can't be forwarded: %v", c.Request.RequestURI, err)
	}
	r, err := http.ReadRequest(bufio.NewReader(&wire))
	if err != nil {
		t.Fatalf("%q can't be read: %v", c.Request.RequestURI, err)
	}
	w := httptest.NewRecorder()
	upstream.ServeHTTP(w, r)
	met := c.Match.Route.Pattern
	if w.Code != http.StatusOK || strings.TrimSuffix(w.Header().Get("Met"), "{$}") != met {
		t.Errorf("%q is let in by %s, and answered %d %v", c.Request.RequestURI, met, w.Code, w.Header())
	}
	want := ""
	if segments := strings.Split(c.Request.URL.EscapedPath(), "/"); strings.Contains(met, "{") {
		want, _ = url.PathUnescape(segments[2]) // it was let in, so it can be read
	}
	if got := w.Header().Get("Value"); got != want {
		t.Errorf("%q: the router reads %q, the gate %q", c.Request.RequestURI, got, want)
	}
}
