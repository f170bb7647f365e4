package caddymodule

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/manage"
)

// bench is a gate on a real store, without a server around it.
type bench struct {
	*Handler
	secret string
	sent   http.Header
	seen   discard
}

// discard takes an answer and forgets it.
type discard struct{ head http.Header }

func (d *discard) Header() http.Header         { return d.head }
func (d *discard) WriteHeader(int)             {}
func (d *discard) Write(b []byte) (int, error) { return len(b), nil }

func setupBench(b testing.TB) *bench {
	b.Helper()
	app := &App{log: slog.New(slog.DiscardHandler)}
	app.StoreRaw = fmt.Appendf(nil, `{"driver":"sqlite","path":%q}`, filepath.Join(b.TempDir(), "keys.db"))
	app.RateLimits = map[string]RateLimit{"live": {Rate: "1000000/s", Burst: 10_000_000}}
	ctx, cancel := caddy.NewContext(caddy.Context{Context: context.Background()})
	b.Cleanup(cancel)
	var err error
	must(b, func() { app.parts, err = app.build(ctx) }, &err)
	must(b, func() { app.engine, err = app.parts.newEngine(app.log) }, &err)
	b.Cleanup(func() { _ = app.engine.Hurry(0) })
	app.settings = app.parts.settings(&app.Config)
	must(b, func() { err = app.Start() }, &err)
	h := &Handler{app: app}
	h.Routes = []Route{
		{Methods: []string{"GET"}, Pattern: "/v1/projects", Scopes: []string{"read:projects"}},
		{Methods: []string{"GET"}, Pattern: "/v1/projects/{project}/items/{item}", Scopes: []string{"read:projects"}},
	}
	must(b, func() { err = h.build(resolve) }, &err)
	var service *manage.Manager
	must(b, func() { service, err = app.manager(app.engine.Store(), attached{}) }, &err)
	var made manage.CreatedKey
	must(b, func() {
		made, err = service.CreateKey(b.Context(), manage.Call{Actor: manage.CommandActor("bench")}, manage.NewKey{
			Name: "a key", Environment: keys.Live, Scopes: []string{"read:projects"},
		})
	}, &err)
	return &bench{Handler: h, secret: made.Secret.Reveal(), sent: http.Header{}, seen: discard{http.Header{}}}
}

func must(tb testing.TB, do func(), err *error) {
	tb.Helper()
	if do(); *err != nil {
		tb.Fatal(*err)
	}
}

// browser is what clients send besides.
var browser = http.Header{
	"Accept": {"application/json"}, "Accept-Encoding": {"gzip, deflate, br"}, "Accept-Language": {"en-GB,en;q=0.8"},
	"User-Agent": {"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36"}, "Cookie": {"session=0123456789abcdef; theme=dark"},
	"Referer": {"https://app.example.com/projects?tab=items%20all"}, "X-Request-Id": {"5e0f6a9c-0000-4000-8000-000000000001"},
}

// ok answers as an upstream would.
var ok = caddyhttp.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) error {
	w.Header()["Content-Length"] = []string{"2"}
	w.WriteHeader(http.StatusOK)
	_, err := w.Write([]byte("ok"))
	return err
})

// targets are what a key may call, what it may not, and what nobody's key asks for.
var targets = map[string]string{"allowed": "/v1/projects/p1/items/7?page=2", "denied": "/v1/elsewhere", "unknown": "/v1/projects"}

// nobodys is a well-formed key that isn't in the store.
const nobodys = "ks_live_0123456789ABCDEFGHIJKLMNOPQRST1TaVco"

// serve hands a request to a handler as Caddy's server does.
func (f *bench) serve(tb testing.TB, target string, handle func(http.ResponseWriter, *http.Request) error) func() {
	r, bearer := httptest.NewRequest(http.MethodGet, target, http.NoBody), []string{"Bearer " + f.secret}
	if target == targets["unknown"] {
		bearer = []string{"Bearer " + nobodys}
	}
	return func() {
		clear(f.sent)
		clear(f.seen.head)
		maps.Copy(f.sent, browser)
		f.sent["Authorization"] = bearer
		ctx, cancel := context.WithCancel(context.Background()) // as net/http's server makes
		defer cancel()
		if err := handle(&f.seen, prepared(ctx, r, f.sent, &f.seen)); err != nil {
			tb.Fatal(err)
		}
	}
}

func (f *bench) gated(w http.ResponseWriter, r *http.Request) error { return f.ServeHTTP(w, r, ok) }

// BenchmarkServe hands requests of one cached key to the gate; making the
// request and what belongs to it is in the figures.
func BenchmarkServe(b *testing.B) {
	f := setupBench(b)
	for name, target := range targets {
		b.Run(name, func(b *testing.B) {
			serve := f.serve(b, target, f.gated)
			b.ReportAllocs()
			for b.Loop() {
				serve()
			}
		})
	}
}

// TestGateCostsARequestFewAllocations counts what comes on top of the request
// and its answer: a context to cut it by, what logs and placeholders say, the
// headers for both sides.
func TestGateCostsARequestFewAllocations(t *testing.T) {
	most := map[string]float64{"allowed": 12, "denied": 16, "unknown": 16}
	f := setupBench(t)
	for name, target := range targets {
		f.serve(t, target, f.gated)() // the key is in memory from here on
		with := fewestAllocs(f.serve(t, target, f.gated))
		without := fewestAllocs(f.serve(t, target, ok))
		if with-without > most[name]+forgotten {
			t.Errorf("%s: %v allocations more than without a gate, at most %v", name, with-without, most[name])
		}
		t.Logf("%s: %v allocations, %v without a gate", name, with, without)
	}
}

// fewestAllocs measures more than once: where the collector empties a pool
// meanwhile, it is filled anew.
func fewestAllocs(serve func()) float64 {
	fewest := testing.AllocsPerRun(200, serve)
	for range 4 {
		fewest = min(fewest, testing.AllocsPerRun(200, serve))
	}
	return fewest
}

// prepared is a request with what Caddy's server puts beside it, where it
// writes no access log.
func prepared(ctx context.Context, r *http.Request, head http.Header, w http.ResponseWriter) *http.Request {
	r = r.WithContext(ctx)
	r.Header = head
	return caddyhttp.PrepareRequest(r, caddy.NewReplacer(), w, &caddyhttp.Server{})
}
