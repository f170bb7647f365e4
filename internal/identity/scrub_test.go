package identity_test

import (
	"bufio"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keystile/keystile/internal/identity"
)

var own = http.Header{
	"Keystile-Key-Id": {"key_1"}, "Keystile-Workspace": {"acme"}, "Keystile-Project": {"apollo"}, "Keystile-Environment": {"live"},
	"Keystile-Scopes": {"read write"}, "Keystile-Profile": {"gold"}, "Keystile-Owner": {"ann"},
}

func TestTheUpstreamGetsTheGatesIdentityAndNobodyElses(t *testing.T) {
	t.Parallel()
	for name, lines := range map[string][]string{
		"HDR-01 once":                     {"Keystile-Key-Id: evil"},
		"HDR-01 twice":                    {"Keystile-Key-Id: evil", "Keystile-Key-Id: worse"},
		"HDR-01 any case":                 {"keystile-key-id: evil", "KEYSTILE-SCOPES: all", "kEyStIlE-oWnEr: root"},
		"HDR-02 every name":               {"Keystile-Workspace: x", "Keystile-Would-Deny: x", "Keystile-Stale: 1", "Keystile-Status: 200", "Keystile-New: x", "Keystile-: x"},
		"HDR-03 underscores":              {"Keystile_Key_Id: evil", "Keystile-Key_Id: evil", "keystile_key-id: evil", "KEYSTILE_SCOPES: all"},
		"HDR-03 dots":                     {"Keystile.Key.Id: evil", "keystile.key-id: evil", "Keystile.Scopes: all"},
		"HDR-03 what CGI may write as _":  {"Keystile!Key!Id: evil", "Keystile~Scopes: all", "keystile+owner: root", "keystile'key: x", "Keystile|Key: x", "Keystile$: x"},
		"HDR-04 named by Connection":      {"Connection: close, Keystile-Key-Id", "Keystile-Key-Id: evil"},
		"HDR-04 only named by Connection": {"Connection: keystile-key-id,Keystile-Scopes , ,", "Connection: Keystile-Owner"},
		"METH-02 method overrides":        {"X-HTTP-Method-Override: DELETE", "X-HTTP-Method: DELETE", "X-Method-Override: DELETE", "x_http_method_override: DELETE", "X.Http.Method: PUT"},
		"SMUG-07 upgrade to h2c":          {"Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA"},
		"SMUG-07 settings unnamed":        {"Connection: Upgrade", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(own, handedOn(t, lines...)); diff != "" {
				t.Errorf("%q (-want +got):\n%s", lines, diff)
			}
		})
	}
}

func TestOtherHeadersAreHandedOn(t *testing.T) {
	t.Parallel()
	lines := []string{
		"Keystilex-Key: 1", "X-Keystile-Key-Id: 2", "Keystil: 3", "Keystile: 4", "X-Http-Methods: 5", "X-Method: 6", "Te: trailers", "Accept: */*", "X_y: 7",
	}
	want := own.Clone()
	for _, line := range lines {
		name, value, _ := strings.Cut(line, ": ")
		want[http.CanonicalHeaderKey(name)] = []string{value}
	}
	if diff := cmp.Diff(want, handedOn(t, lines...)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestConnectionTakesAlongWhatItNamesAndNothingElse(t *testing.T) {
	t.Parallel()
	const auth = "Authorization: Bearer ey.a.b"
	for name, c := range map[string]struct {
		lines []string
		want  http.Header
	}{
		"HDR-04 a hop's own header":           {[]string{"Connection: X-Hop, keep-alive", "X-Hop: 1", "Keep-Alive: timeout=5", "X-End: 2"}, http.Header{"X-End": {"2"}}},
		"HDR-04 in several lines and cases":   {[]string{"Connection: x-hop", "CONNECTION:\tX-OTHER ,,close", "X-Hop: 1", "X-Other: 2"}, http.Header{}},
		"HDR-04 the credential":               {[]string{"Connection: Authorization", auth}, http.Header{}},
		"HDR-04 empty tokens":                 {[]string{"Connection: , ,,", auth}, http.Header{"Authorization": {"Bearer ey.a.b"}}},
		"SMUG-01 length of the body":          {[]string{"Connection: Content-Length", "Content-Length: 3"}, http.Header{"Content-Length": {"3"}}},
		"SMUG-01 host and transfer coding":    {[]string{"Connection: Host, Transfer-Encoding, content-length", "Content-Length: 3"}, http.Header{"Content-Length": {"3"}}},
		"TE stays for the proxy to settle":    {[]string{"Connection: TE, close", "TE: trailers"}, http.Header{"Te": {"trailers"}}},
		"Connection of nothing is dropped":    {[]string{"Connection: close"}, http.Header{}},
		"Connection can't name itself":        {[]string{"Connection: Connection, Upgrade"}, http.Header{}},
		"a name that is none takes none away": {[]string{"Connection: X Hop, ä", "X-Hop: 1"}, http.Header{"X-Hop": {"1"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := parse(t, c.lines...)
			length, host := r.ContentLength, r.Host
			identity.Scrub(r)
			if diff := cmp.Diff(c.want, r.Header); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if r.ContentLength != length || r.Host != host {
				t.Errorf("length %d, host %q; they were %d and %q", r.ContentLength, r.Host, length, host)
			}
		})
	}
}

func TestOnlyOneWebSocketIsAnUpgrade(t *testing.T) {
	t.Parallel()
	opened := http.Header{"Connection": {"Upgrade"}, "Upgrade": {"websocket"}}
	for name, c := range map[string]struct {
		lines []string
		want  http.Header
	}{
		"rule 8 WebSocket":                   {[]string{"Connection: Upgrade", "Upgrade: websocket"}, opened},
		"rule 8 as browsers send it":         {[]string{"Connection: keep-alive, Upgrade", "Upgrade: websocket"}, opened},
		"rule 8 in two lines":                {[]string{"Connection: keep-alive", "connection: upgrade", "Upgrade: websocket"}, opened},
		"rule 8 WebSocket in capitals":       {[]string{"Connection: UPGRADE", "Upgrade: WebSocket"}, http.Header{"Connection": {"Upgrade"}, "Upgrade": {"WebSocket"}}},
		"rule 8 with a header along":         {[]string{"Connection: Upgrade, Keystile-Key-Id", "Upgrade: websocket"}, opened},
		"SMUG-07 h2c":                        {[]string{"Connection: Upgrade", "Upgrade: h2c"}, http.Header{}},
		"SMUG-07 h2c beside WebSocket":       {[]string{"Connection: Upgrade", "Upgrade: websocket, h2c"}, http.Header{}},
		"SMUG-07 h2c in a second line":       {[]string{"Connection: Upgrade", "Upgrade: websocket", "Upgrade: h2c"}, http.Header{}},
		"SMUG-07 WebSocket twice":            {[]string{"Connection: Upgrade", "Upgrade: websocket", "Upgrade: websocket"}, http.Header{}},
		"SMUG-07 a version of WebSocket":     {[]string{"Connection: Upgrade", "Upgrade: websocket/13"}, http.Header{}},
		"SMUG-07 TLS":                        {[]string{"Connection: Upgrade", "Upgrade: TLS/1.0"}, http.Header{}},
		"SMUG-07 a letter that looks alike":  {[]string{"Connection: Upgrade", "Upgrade: websoc\u212aet"}, http.Header{}},
		"SMUG-07 nothing":                    {[]string{"Connection: Upgrade", "Upgrade:"}, http.Header{}},
		"rule 8 not named by Connection":     {[]string{"Upgrade: websocket"}, http.Header{}},
		"rule 8 Connection says otherwise":   {[]string{"Connection: close", "Upgrade: websocket"}, http.Header{}},
		"rule 8 Connection without Upgrade":  {[]string{"Connection: upgrade"}, http.Header{}},
		"rule 8 a word that holds the other": {[]string{"Connection: not-upgrade", "Upgrade: websocket"}, http.Header{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := parse(t, c.lines...)
			identity.Scrub(r)
			if diff := cmp.Diff(c.want, r.Header); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestTrailersDontReachTheUpstream(t *testing.T) {
	t.Parallel()
	const raw = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nTrailer: Keystile-Key-Id\r\n\r\n" +
		"1\r\nx\r\n0\r\nKeystile-Key-Id: evil\r\nKeystile-Scopes: all\r\n\r\n"
	received, err := http.ReadRequest(bufio.NewReader(strings.NewReader(raw)))
	if err != nil {
		t.Fatal(err)
	}
	if received.Trailer == nil {
		t.Fatal("the request announces no trailer: the test proves nothing")
	}
	r := received.WithContext(t.Context()) // the copy that is handed on
	identity.Scrub(r)
	if _, err := io.ReadAll(r.Body); err != nil {
		t.Fatal(err)
	}
	if len(r.Trailer) != 0 {
		t.Errorf("rule 6: trailers %v", r.Trailer)
	}
}

func TestOnlyTheGateSpeaksOfKeysAndLimitsInResponses(t *testing.T) {
	t.Parallel()
	upstream := func() http.Header {
		return http.Header{
			"Keystile-Key-Id": {"x"}, "keystile_stale": {"1"}, "X-Ratelimit-Limit": {"1"}, "X-RateLimit-Reset": {"2"}, "Ratelimit": {"x"},
			"RateLimit-Policy": {"x"}, "X-Rate-Limit-Remaining": {"1"}, "Retry-After": {"3"}, "X-Ratelimited": {"no"}, "Ratelimiter": {"y"},
			"Content-Type": {"text/plain"}, "X": {"z"}, "R": {"z"}, "": {"odd"},
		}
	}
	kept := http.Header{"Retry-After": {"3"}, "X-Ratelimited": {"no"}, "Ratelimiter": {"y"}, "Content-Type": {"text/plain"}, "X": {"z"}, "R": {"z"}, "": {"odd"}}

	h := upstream()
	identity.ScrubResponse(h, true)
	if diff := cmp.Diff(kept, h); diff != "" {
		t.Errorf("with limits (-want +got):\n%s", diff)
	}

	h, want := upstream(), upstream()
	delete(want, "Keystile-Key-Id")
	delete(want, "keystile_stale")
	identity.ScrubResponse(h, false)
	if diff := cmp.Diff(want, h); diff != "" {
		t.Errorf("without limits of the gate's (-want +got):\n%s", diff)
	}
}

func TestOnlyTheGateSpeaksOfKeysAndLimitsInTrailers(t *testing.T) {
	t.Parallel()
	const prefix = http.TrailerPrefix
	for limits, kept := range map[bool]string{true: "X-Sum, Grpc-Status", false: "X-Sum, RateLimit, Grpc-Status"} {
		h := http.Header{"Trailer": {"Keystile-Status, X-Sum", " RateLimit ,, keystile_stale, Grpc-Status"}, "Vary": {"Trailer"}}
		want := http.Header{"Trailer": {kept}, "Vary": {"Trailer"}}
		identity.ScrubResponse(h, limits)
		if diff := cmp.Diff(want, h); diff != "" {
			t.Errorf("announced, with limits %v (-want +got):\n%s", limits, diff)
		}
		h = http.Header{prefix + "Keystile-Status": {"200"}, prefix + "X-Sum": {"1"}, prefix + "RateLimit": {"x"}, "X": {"y"}}
		want = http.Header{prefix + "X-Sum": {"1"}, "X": {"y"}}
		if !limits {
			want[prefix+"RateLimit"] = []string{"x"}
		}
		identity.ScrubTrailers(h, limits)
		if diff := cmp.Diff(want, h); diff != "" {
			t.Errorf("unannounced, with limits %v (-want +got):\n%s", limits, diff)
		}
	}
	h := http.Header{"Trailer": {"Keystile-Status"}}
	if identity.ScrubResponse(h, true); len(h) != 0 {
		t.Errorf("nothing is left to announce: %v", h)
	}
}

func FuzzNoSpellingOfTheGatesHeadersGetsThrough(f *testing.F) {
	for _, name := range []string{"Keystile-Key-Id", "keystile_key_id", "KEYSTILE.SCOPES", "Keystile-", "X-HTTP-Method-Override", "x.method_override", "Connection", "Accept"} {
		f.Add(name, "keep-alive, Upgrade", "websocket")
		f.Add(name, name, "h2c")
	}
	f.Fuzz(func(t *testing.T, name, connection, upgrade string) {
		h := http.Header{"X-Plain": {"1"}, "Connection": {connection}, "Upgrade": {upgrade}}
		h[name] = append(h[name], "evil")
		h[http.CanonicalHeaderKey(name)] = []string{"evil"}
		r := &http.Request{Header: h}
		identity.Scrub(r)
		for left, values := range r.Header {
			folded := strings.Map(func(c rune) rune {
				if c == '_' || c == '.' {
					return '-'
				}
				return c
			}, strings.ToLower(left))
			if strings.HasPrefix(folded, "keystile-") || folded == "x-http-method-override" || folded == "x-http-method" || folded == "x-method-override" {
				t.Errorf("%q is left of %q", left, name)
			}
			if folded == "upgrade" && left == "Upgrade" && !(len(values) == 1 && strings.EqualFold(values[0], "websocket")) {
				t.Errorf("Upgrade: %q is left", values)
			}
		}
	})
}

func TestScrubbingAPlainRequestDoesNotAllocate(t *testing.T) { // not parallel: it counts allocations
	r := parse(t, "User-Agent: x", "Accept: */*", "X-Request-Id: 1", "Content-Type: application/json")
	if n := testing.AllocsPerRun(100, func() { identity.Scrub(r) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
