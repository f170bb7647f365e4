package e2e

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/mccutchen/go-httpbin/v2/httpbin"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

// api is an API that nobody here wrote, behind a gate.
type api struct {
	*gate
	direct *httptest.Server // without the gate
	key    key
}

// setupAPI starts both. behind says what stands behind the gate, with $API as
// the API's address.
func setupAPI(t *testing.T, o options, behind string) *api {
	t.Helper()
	direct := httptest.NewServer(httpbin.New(httpbin.WithMaxBodySize(4 << 20)))
	t.Cleanup(direct.Close)
	o.behind = strings.ReplaceAll(behind, "$API", direct.Listener.Addr().String())
	a := &api{gate: setup(t, o), direct: direct}
	a.key = a.gate.key()
	return a
}

// apiCall is one request of the API's own documentation.
type apiCall struct {
	method, target string
	body           string
	header         http.Header
	want           int
}

var large = strings.Repeat("0123456789abcdef", 1<<16) // a megabyte

var apiCalls = []apiCall{
	{method: "GET", target: "/get?a=1&b=2&b=3", want: 200},
	{method: "GET", target: "/anything/a%20b;c=d?q=%2F", want: 200},
	{method: "HEAD", target: "/get", want: 200},
	{method: "HEAD", target: "/bytes/5000?seed=1", want: 200},
	{method: "POST", target: "/post?a=1", body: `{"a":[1,2,3]}`, header: http.Header{"Content-Type": {"application/json"}}, want: 200},
	{method: "POST", target: "/post", body: "a=1&b=2", header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}, want: 200},
	{method: "POST", target: "/post", body: large, header: http.Header{"Content-Type": {"text/plain"}}, want: 200},
	{method: "POST", target: "/upload", body: large, want: 200},
	{method: "PUT", target: "/put", body: "text", want: 200},
	{method: "PATCH", target: "/patch", body: "text", want: 200},
	{method: "DELETE", target: "/delete", want: 200},
	{method: "GET", target: "/post", want: 405},
	{method: "GET", target: "/nowhere", want: 404},
	{method: "GET", target: "/status/204", want: 204},
	{method: "GET", target: "/status/401", want: 401},
	{method: "POST", target: "/status/418", want: 418},
	{method: "GET", target: "/status/429", want: 429},
	{method: "GET", target: "/status/500", want: 500},
	{method: "GET", target: "/status/503", want: 503},
	{method: "GET", target: "/relative-redirect/3", want: 302},
	{method: "GET", target: "/redirect-to?url=/get&status_code=307", want: 307},
	{method: "GET", target: "/bytes/3000000?seed=1", want: 200},
	{method: "GET", target: "/stream-bytes/300000?seed=2&chunk_size=1000", want: 200},
	{method: "GET", target: "/range/5000", header: http.Header{"Range": {"bytes=100-199"}}, want: 206},
	{method: "GET", target: "/etag/one", header: http.Header{"If-None-Match": {`"one"`}}, want: 304},
	{method: "GET", target: "/cache", header: http.Header{"If-Modified-Since": {"Sat, 29 Oct 1994 19:43:31 GMT"}}, want: 304},
	{method: "GET", target: "/gzip", header: http.Header{"Accept-Encoding": {"gzip"}}, want: 200},
	{method: "GET", target: "/deflate", header: http.Header{"Accept-Encoding": {"deflate"}}, want: 200},
	{method: "GET", target: "/encoding/utf8", want: 200},
	{method: "GET", target: "/image/png", want: 200},
	{method: "GET", target: "/base64/S2V5c3RpbGU=", want: 200},
	{method: "GET", target: "/cookies/set?one=1", want: 302},
	{method: "GET", target: "/response-headers?X-One=1&X-One=2", want: 200},
	{method: "GET", target: "/basic-auth/user/password", want: 401},
	{method: "GET", target: "/stream/20", want: 200},
	{method: "GET", target: "/trailers?X-Sum=1234", want: 200},
	{method: "OPTIONS", target: "/get", want: 200},
}

func TestAPIAnswersThroughTheGateAsItDoesWithoutIt(t *testing.T) {
	a := setupAPI(t, options{global: "servers {\n protocols h1 h2c\n}"}, "reverse_proxy $API")
	for version, client := range map[string]*http.Client{"HTTP/1.1": newClient(t, false), "HTTP/2": newClient(t, true)} {
		t.Run(version, func(t *testing.T) {
			k := a.gate.key()
			for _, call := range apiCalls {
				t.Run(call.method+" "+call.target, func(t *testing.T) {
					want := exchangeWith(t, newClient(t, false), a.direct.URL, call, "")
					got := exchangeWith(t, client, "http://"+a.addr, call, k.Secret)
					if want.Status != call.want {
						t.Errorf("the API answers %d, want %d", want.Status, call.want)
					}
					if diff := cmp.Diff(want, got); diff != "" {
						t.Errorf("the answer through the gate differs (-API +gate):\n%.2000s", diff)
					}
				})
			}
			wantClasses(t, a.gate, k, apiCalls)
		})
	}
}

// apiAnswer is what must be the same with and without the gate.
type apiAnswer struct {
	Status          int
	Header, Trailer http.Header
	Body            string
}

func newClient(t *testing.T, http2 bool) *http.Client {
	t.Helper()
	transport := &http.Transport{DisableCompression: true, Protocols: new(http.Protocols)}
	transport.Protocols.SetHTTP1(!http2)
	transport.Protocols.SetUnencryptedHTTP2(http2)
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{
		Transport: transport, Timeout: exchangeWithin,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

func exchangeWith(t *testing.T, client *http.Client, base string, call apiCall, secret string) apiAnswer {
	t.Helper()
	ask, err := http.NewRequestWithContext(t.Context(), call.method, base+call.target, strings.NewReader(call.body))
	if err != nil {
		t.Fatal(err)
	}
	ask.Host = "api.example"
	maps.Copy(ask.Header, call.header)
	if secret != "" {
		ask.Header.Set("Authorization", "Bearer "+secret)
	}
	got, err := client.Do(ask)
	if err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close()
	body, err := io.ReadAll(got.Body)
	if err != nil {
		t.Fatal(err)
	}
	if secret != "" {
		if version := client.Transport.(*http.Transport).Protocols; version.UnencryptedHTTP2() != (got.ProtoMajor == 2) {
			t.Errorf("answered over %s", got.Proto)
		}
	}
	answer := apiAnswer{got.StatusCode, got.Header.Clone(), got.Trailer, ""}
	for _, name := range []string{"Date", "Via", "Server"} { // the proxy's
		answer.Header.Del(name)
	}
	answer.Body, err = comparable(body, answer.Header)
	if err != nil {
		t.Fatalf("%v in %.200q", err, body)
	}
	return answer
}

// comparable is a body without what the API tells of how the request came to
// it. Where that leads to another length, the header goes, too.
func comparable(body []byte, header http.Header) (string, error) {
	plain, err := decompress(body, header.Get("Content-Encoding"))
	if err != nil || !bytes.HasPrefix(plain, []byte("{")) {
		return string(plain), err
	}
	header.Del("Content-Length")
	var lines []string
	decoder := json.NewDecoder(bytes.NewReader(plain))
	for decoder.More() {
		line := map[string]any{}
		if err := decoder.Decode(&line); err != nil {
			return "", err
		}
		for _, name := range []string{"headers", "origin"} {
			delete(line, name)
		}
		text, err := json.Marshal(line)
		if err != nil {
			return "", err
		}
		lines = append(lines, string(text))
	}
	return strings.Join(lines, "\n"), nil
}

func decompress(body []byte, encoding string) ([]byte, error) {
	switch encoding {
	case "gzip":
		reader, err := gzip.NewReader(bytes.NewReader(body))
		if err != nil {
			return nil, err
		}
		return io.ReadAll(reader)
	case "deflate":
		reader, err := zlib.NewReader(bytes.NewReader(body))
		if err != nil {
			return nil, err
		}
		return io.ReadAll(reader)
	}
	return body, nil
}

// wantClasses fails the test unless the store comes to hold one count for each
// call, under the class of its status.
func wantClasses(t *testing.T, g *gate, k key, calls []apiCall) {
	t.Helper()
	want, got := map[string]int64{}, map[string]int64{}
	for _, call := range calls {
		want[fmt.Sprintf("%dxx", call.want/100)]++
	}
	if !becomes(5*time.Second, func() bool {
		got = classes(t, g.db, k)
		return maps.Equal(want, got)
	}) {
		t.Errorf("counted %v, want %v", got, want)
	}
}

// classes is how many allowed calls of a key the database holds, by outcome.
func classes(t testing.TB, database string, k key) map[string]int64 {
	t.Helper()
	got := map[string]int64{}
	view(t, database, func(ctx context.Context, r storage.Reader) error {
		cells, err := r.UsageCells(ctx, keys.ID(k.ID), time.Time{}, time.Time{})
		for _, cell := range cells {
			if !cell.Denied {
				got[cell.Outcome] += cell.Count
			}
		}
		return err
	})
	return got
}

func TestAPILearnsWhoCallsAndNotTheSecret(t *testing.T) {
	a := setupAPI(t, options{}, "reverse_proxy $API")
	got := a.get("/headers", a.key.bearer(), "Keystile-Owner: mallory")
	var told struct{ Headers http.Header }
	if err := json.Unmarshal([]byte(got.body), &told); err != nil || got.status != http.StatusOK {
		t.Fatalf("answered %v: %v", got, err)
	}
	if id := told.Headers.Values("Keystile-Key-Id"); !slices.Equal(id, []string{a.key.ID}) {
		t.Errorf("the API was told Keystile-Key-Id %q, want %s", id, a.key.ID)
	}
	if strings.Contains(got.body, a.key.Secret) || strings.Contains(got.body, "mallory") {
		t.Errorf("the API was told %s", got.body)
	}
	wantAnswer(t, a.gate, a.get("/headers"), http.StatusUnauthorized, "missing_key")
}
