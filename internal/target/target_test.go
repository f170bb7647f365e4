package target_test

import (
	"net/http"
	"testing"

	"github.com/keystile/keystile/internal/target"
)

// ambiguous are targets with two readings, by the attack that they are of.
var ambiguous = []struct {
	id      string
	targets []string
}{
	{"PATH-01 empty segments", []string{"//v1/admin", "/v1//admin", "/v1/admin//", "//", "/;x=1/admin", "/v1/;/admin", "/v1/;x"}},
	{"PATH-02 dot segments", []string{
		"/public/../v1/admin", "/v1/./admin", "/v1/admin/.", "/..", "/.", "/v1/..;/admin", "/v1/.;x=1/admin", "/v1/..;",
	}},
	{"PATH-03 encoded dot segments", []string{
		"/public/%2e%2e/v1/admin", "/%2E%2e/", "/%2E%2E/", "/.%2e/", "/%2e./x", "/v1/%2e/admin", "/a/%2e%2e;x/b", "/a/..%3bx/b", "/a/%2E%2E%3B/b",
	}},
	{"PATH-04 encoded slashes", []string{"/public%2f..%2fv1/admin", "/v1%2Fadmin", "/v1/a%2fb", "/%2f", "/v1/admin%2F"}},
	{"PATH-05 backslashes", []string{`/v1\admin`, "/v1%5cadmin", "/v1%5Cadmin", `/\evil`, `/a/..\b`, "/a/..%5Cb"}},
	{"PATH-06 control bytes", []string{
		"/v1/admin%00", "/v1/admin%0d%0a", "/v1/%0D%0AX: y", "/v1/admin%09", "/v1/admin%7f", "/v1/%1f", "/v1/admin\x7f", "/v1/\x01admin",
	}},
	{"PATH-07 escapes of escapes", []string{"/%252e%252e/v1/admin", "/v1%252fadmin", "/v1/%2541dmin", "/v1/%25%32%65", "/v1/%%32e", "/v1/%25252e"}},
	{"PATH-08 marks of query and fragment", []string{
		"/v1/public#/../admin", "/v1/public#", "/#", "/v1/public%23/admin", "/v1/public%3f/admin", "/v1/public%3Fx=1", "/v1/x?a=b#c",
	}},
	{"PATH-09 other forms", []string{"*", "v1/admin", "", "http:evil/x", "http:/x", "http:///x", "ftp://this.host/x", "https:x", "mailto:a@b", "?x"}},
	{"PATH-16 what is not UTF-8", []string{
		"/%c0%ae%c0%ae/", "/%c0%af", "/\xc0\xaf", "/\xc0\xae\xc0\xae/", "/%ff", "/%e0%80%af", "/%ed%a0%80", "/%f4%90%80%80", "/v1/%C3", "/%c3/%a9",
	}},
	{"rule 2 names that are nothing but dots and spaces", []string{"/v1/...", "/v1/%20/admin", "/v1/..%20/admin", "/v1/%20", "/v1/.%20."}},
	{"rule 2 escapes that are none", []string{"/v1/%zz", "/v1/%", "/v1/%4", "/v1/a%2"}},
}

func TestPathsWithTwoReadingsAreRefused(t *testing.T) {
	t.Parallel()
	for _, attack := range ambiguous {
		t.Run(attack.id, func(t *testing.T) {
			t.Parallel()
			for _, uri := range attack.targets {
				if passes(t, "GET "+uri) {
					t.Errorf("%q was let through", uri)
				}
			}
		})
	}
}

func TestPathsWithOneReadingAreServed(t *testing.T) {
	t.Parallel()
	for name, targets := range map[string][]string{
		"plain":                             {"/", "/v1", "/v1/", "/v1/admin", "/a.b/c-d_e~f", "/.well-known/x", "/..a", "/a..", "/a/.b./c", "/a:b@c!$&'()*+,=", "/v1/a;b=c;d"},
		"PATH-15 encoded letters and UTF-8": {"/v1/%61dmin", "/v1/caf%c3%a9", "/v1/caf%C3%A9", "/v1/café", "/v1/%E2%82%AC", "/v1/a%20b", "/v1/%2Da", "/v1/%7e"},
		"a percent sign by itself":          {"/100%25", "/100%25/x", "/a%25zz", "/%25"},
		"PATH-17 whatever the query holds":  {"/v1/admin?x=/public/health", "/?/public/", "/a?b=..%2f..%00", "/a?//../", `/a?re=\d`, "/a?b?c", "/a?x=%252e"},
		"PATH-11 absolute form":             {"http://other.host/v1/x", "https://other.host:8443/v1/x?y", "HTTP://other.host/v1", "http://[::1]/x"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, uri := range targets {
				if !passes(t, "GET "+uri) {
					t.Errorf("%q was refused", uri)
				}
			}
		})
	}
}

func TestAbsoluteFormIsDecidedAsTheOriginFormOfItsHost(t *testing.T) {
	t.Parallel()
	r, ok := parse(t, "GET http://other.host/v1/x?y=1")
	if !ok || !target.Served(r) || r.Host != "other.host" || r.URL.EscapedPath() != "/v1/x" {
		t.Errorf("PATH-11: served %v, host %q, path %q", ok, r.Host, r.URL.EscapedPath())
	}
	for _, odd := range []string{"http://other.host//v1/x", "http://other.host/%2e%2e/x", "http://other.host/a#b", `http://other.host\@this.host/x`} {
		if passes(t, "GET "+odd) {
			t.Errorf("PATH-11: %q was let through", odd)
		}
	}
}

func TestConnectNeverOpensATunnel(t *testing.T) {
	t.Parallel()
	t.Run("PATH-09 CONNECT over HTTP/1", func(t *testing.T) {
		t.Parallel()
		for _, uri := range []string{"host:443", "/v1/admin", "http://other.host/x"} {
			if passes(t, "CONNECT "+uri) {
				t.Errorf("CONNECT %s was let through", uri)
			}
		}
	})
	websocket := http.Header{":protocol": {"websocket"}}
	for name, c := range map[string]struct {
		method, proto string
		major         int
		header        http.Header
		want          bool
	}{
		"PATH-09 CONNECT over HTTP/2":           {"CONNECT", "HTTP/2.0", 2, http.Header{}, false},
		"RFC 8441 WebSocket over HTTP/2":        {"CONNECT", "HTTP/2.0", 2, websocket, true},
		"RFC 9220 WebSocket over HTTP/3":        {"CONNECT", "websocket", 3, http.Header{}, true},
		"PATH-09 CONNECT over HTTP/3":           {"CONNECT", "HTTP/3.0", 3, http.Header{}, false},
		"another protocol over HTTP/2":          {"CONNECT", "HTTP/2.0", 2, http.Header{":protocol": {"connect-udp"}}, false},
		"another protocol over HTTP/3":          {"CONNECT", "connect-udp", 3, http.Header{}, false},
		"METH-02 POST that claims the protocol": {"POST", "HTTP/2.0", 2, websocket, false},
		"HTTP/1 that claims the protocol":       {"CONNECT", "HTTP/1.1", 1, websocket, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, _ := parse(t, "GET /chat")
			r.Method, r.Proto, r.ProtoMajor, r.Header = c.method, c.proto, c.major, c.header
			if got := target.ExtendedConnect(r); got != c.want {
				t.Errorf("extended CONNECT: %v", got)
			}
			if got := target.Served(r); got != (c.want || c.method != "CONNECT") {
				t.Errorf("served: %v", got)
			}
		})
	}
}

func TestLooseRoutesTakeOddSpellingsButNoDotSegments(t *testing.T) {
	t.Parallel()
	for _, uri := range []string{
		"/v1%2Fadmin", "/a//b", "/a%5Cb", "/a%3Fb", "/a%23b", "/a%2541", "/v1/...", "/a/..b", "/a%20/b", "/a;x/b", "/bucket/2024%2F%2F..x",
	} {
		if !passesLoosely(t, "GET "+uri) {
			t.Errorf("PATH-04: %q was refused under paths loose", uri)
		}
	}
	for _, uri := range []string{
		"/a/../b", "/a/.", "/%2e%2e/b", "/a%2f..%2fb", "/a%2F.", "/a%5C..%5Cb", `/a\..\b`, "/%252e%252e/b", "/a%252f..", "/a%25252f..%25252fb",
		"/a/..;/b", "/a/..%3b/b", "/a/%2e%252e;x/b", "/a%2f..%3Fx", "/a/..%23/b", "/a/..%20/b", "/a%00", "/a%0d%0ab", "/a%2500", "/%c0%ae", "/\xc0\xaf",
		"/a%252525252e", "/a#b", "*", "",
	} {
		if passesLoosely(t, "GET "+uri) {
			t.Errorf("PATH-04: %q was let through under paths loose", uri)
		}
	}
}

func TestPlainPathsAreJudgedWithoutAllocating(t *testing.T) { // not parallel: it counts allocations
	for _, path := range []string{"/", "/v1/projects/apollo/files/report.pdf", "/a;b=c/d..e/f"} {
		if n := testing.AllocsPerRun(100, func() { target.Plain(path) }); n != 0 {
			t.Errorf("Plain(%q) allocates %v times", path, n)
		}
	}
}

func BenchmarkPlain(b *testing.B) {
	for b.Loop() {
		if !target.Plain("/v1/projects/apollo/files/report.pdf") {
			b.Fatal("refused")
		}
	}
}
