package e2e

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// withH2C lets a site speak HTTP/2 without TLS.
const withH2C = "servers {\n protocols h1 h2c\n}"

// h2 is a client that speaks HTTP/2 only.
func h2(t *testing.T) *http.Client {
	t.Helper()
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	transport := &http.Transport{Protocols: protocols}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: exchangeWithin}
}

func askH2(t *testing.T, c *http.Client, g *gate, change func(*http.Request)) response {
	t.Helper()
	ask, err := http.NewRequestWithContext(context.Background(), http.MethodGet, "http://"+g.addr+"/v1/items", nil)
	if err != nil {
		t.Fatal(err)
	}
	change(ask)
	got, err := c.Do(ask)
	if err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close()
	body, err := io.ReadAll(got.Body)
	if err != nil || got.ProtoMajor != 2 {
		t.Fatalf("HTTP/%d, %v", got.ProtoMajor, err)
	}
	return response{status: got.StatusCode, header: got.Header, body: string(body)}
}

func TestGateDecidesOverHTTP2AsOverHTTP1(t *testing.T) {
	t.Parallel()
	g := setup(t, options{global: withH2C, policy: "route GET /v1/items read\nroute GET /v1/admin admin"})
	k, c := g.key("--scopes", "read"), h2(t)
	with := func(change func(*http.Request)) func(*http.Request) {
		return func(r *http.Request) {
			r.Header.Set("Authorization", "Bearer "+k.Secret)
			change(r)
		}
	}
	for _, row := range []struct {
		name   string
		change func(*http.Request)
		status int
		code   string
	}{
		{"key", with(func(*http.Request) {}), http.StatusOK, ""},
		{"no key", func(*http.Request) {}, http.StatusUnauthorized, "missing_key"},
		{"two keys", with(func(r *http.Request) { r.Header.Add("Authorization", "Bearer "+k.Secret) }),
			http.StatusBadRequest, "multiple_credentials"},
		{"scope", with(func(r *http.Request) { r.URL.Path = "/v1/admin" }), http.StatusForbidden, "insufficient_scope"},
		{"path", with(func(r *http.Request) { r.URL.Opaque = "/v1//items" }), http.StatusBadRequest, "ambiguous_path"},
		{"method", with(func(r *http.Request) { r.Method = "FOO" }), http.StatusForbidden, "route_not_allowed"},
		{"spoofed identity", with(func(r *http.Request) { r.Header["keystile-key-id"] = []string{"evil", "evil"} }), http.StatusOK, ""},
		{"trailers", with(func(r *http.Request) {
			r.Body, r.Trailer = io.NopCloser(strings.NewReader("x")), http.Header{"Keystile-Key-Id": {"evil"}}
		}), http.StatusOK, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := askH2(t, c, g, row.change)
			if got.status != row.status || got.code() != row.code {
				t.Errorf("answered %v, want %d %s", got, row.status, row.code)
			}
			if row.status != http.StatusOK {
				g.upstream.untouched(t)
				return
			}
			a := g.upstream.one(t)
			if ids := a.values("Keystile-Key-Id"); len(ids) != 1 || ids[0] != k.ID || strings.Contains(a.raw, "evil") || strings.Contains(a.raw, k.Secret) {
				t.Errorf("the upstream got %q", a.raw)
			}
		})
	}
}

// TestFloodsOfFramesHarmNobodyElse sends what a client of HTTP/2 may not.
func TestFloodsOfFramesHarmNobodyElse(t *testing.T) {
	t.Parallel()
	g := setup(t, options{global: withH2C})
	k := g.key()
	g.upstream.forget()
	quietly := g.idle([]key{k}, time.Second)
	quietly.healthy(t)
	goroutines, heap := g.goroutines(), g.heap()

	for name, flood := range map[string]func(*framer, string){
		"SMUG-08 rapid reset":        (*framer).rapidReset,
		"SMUG-08 CONTINUATION flood": (*framer).continuations,
		"SMUG-08 SETTINGS flood":     (*framer).settingsFlood,
	} {
		t.Run(name, func(t *testing.T) {
			meanwhile := g.during([]key{k}, func() {
				for range sized(3, 10) {
					f := dialH2(t, g)
					flood(f, bearer(k.Secret))
					eventually(t, 10*time.Second, "the connection is closed", f.isClosed)
				}
			})
			meanwhile.healthy(t)
			t.Logf("other clients: %v; before: %v", meanwhile, quietly)
		})
	}
	const spare = 8 << 20
	g.calm(goroutines)
	var after int64
	if !becomes(10*time.Second, func() bool { after = g.heap(); return after < heap+spare }) {
		t.Errorf("the heap grew from %d to %d bytes", heap, after)
	}
}
