package gateway_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/keystile/keystile/internal/gateway"
	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/policy"
)

// BenchmarkDecide decides about requests of 10,000 cached keys in turn: a route
// with a scope, a limit, and the count of the call.
func BenchmarkDecide(b *testing.B) {
	f, secrets := warm(b, 10_000)
	ask := f.asker()
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		ask(secrets[i%len(secrets)])
	}
}

// BenchmarkDecideOfAMillion is BenchmarkDecide with a million keys, of which
// none is in the processor's cache when its turn comes.
func BenchmarkDecideOfAMillion(b *testing.B) {
	const n = 1_000_000
	f, secrets := warm(b, 1)
	f.store.crowd(b, secrets[0])
	f.settings.CacheSize = n * 5 / 4 // with room, nobody has to go
	settings := f.settings
	must(b, f.engine.Start(b.Context(), &settings))
	ask := f.asker()
	for len(secrets) < n {
		secrets = append(secrets, "Bearer "+f.format.Mint(keys.Live).Reveal())
	}
	for range 2 { // a key's counters may go with the first flush, and come back
		for _, bearer := range secrets {
			ask(bearer)
		}
	}
	before := f.engine.Stats().StoreReads.Load()
	b.Run("each", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i += 7919 {
			ask(secrets[i%n])
		}
	})
	if read := f.engine.Stats().StoreReads.Load() - before; read != 0 {
		b.Errorf("%d keys were not in memory", read)
	}
}

// BenchmarkDecideParallel is BenchmarkDecide on every processor at once.
func BenchmarkDecideParallel(b *testing.B) {
	f, secrets := warm(b, 10_000)
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		ask := f.asker()
		for i := 0; pb.Next(); i++ {
			ask(secrets[i%len(secrets)])
		}
	})
}

// DOS-02: what a flood of malformed keys costs, the HTTP server aside.
func BenchmarkRefuseMalformed(b *testing.B) {
	f, secrets := warm(b, 1)
	good := secrets[0]
	for name, bearer := range map[string]string{
		"checksum": good[:len(good)-1] + "!", "prefix": "Bearer garbage-of-the-same-length-as-a-key-has", "scheme": "Basic dXNlcjpwYXNz",
		"20 KB": good + strings.Repeat("A", 20<<10), "spaces": "Bearer " + strings.Repeat(" ", 20<<10) + "x",
	} {
		b.Run(name, func(b *testing.B) {
			ask := f.asker()
			before := f.engine.Stats().StoreReads.Load()
			b.ReportAllocs()
			for b.Loop() {
				ask(bearer)
			}
			if asked := f.engine.Stats().StoreReads.Load() - before; asked != 0 {
				b.Errorf("asked the store %d times", asked)
			}
		})
	}
}

// asker returns what decides about one request after another, as a connection
// brings them: the request is in the processor's cache, its key may not be.
func (f *fixture) asker() func(bearer string) {
	r, call := request(http.MethodGet, ""), new(gateway.Call)
	carrier := r.Header["Authorization"]
	return func(bearer string) {
		carrier[0] = bearer
		f.decide(call, r)
	}
}

func TestDecisionAboutACachedKeyAllocatesNothing(t *testing.T) {
	f, secrets := warm(t, 1)
	call := new(gateway.Call)
	for name, r := range map[string]*http.Request{
		"allowed": request(http.MethodGet, secrets[0]),
		"denied":  request(http.MethodDelete, secrets[0]), // its scope is lacking
	} {
		if n := testing.AllocsPerRun(1000, func() { f.decide(call, r) }); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

func request(method, bearer string) *http.Request {
	r := httptest.NewRequest(method, "/v1/projects/p1/items/7", http.NoBody)
	r.Header["Authorization"] = []string{bearer}
	return r
}

func (f *fixture) decide(c *gateway.Call, r *http.Request) {
	c.Reset()
	c.Request = r
	f.gate.Decide(c)
	if c.Verdict.Admitted() {
		f.gate.Count(c, http.StatusOK)
	}
}

// warm makes keys and has each decided about, so that all are in memory. It
// returns what their callers send.
func warm(t testing.TB, n int) (*fixture, []string) {
	t.Helper()
	f := setup(t, []*policy.Route{
		{Methods: []string{"GET"}, Pattern: "/v1/projects", Scopes: []string{"read:projects"}},
		{Methods: []string{"POST"}, Pattern: "/v1/projects", Scopes: []string{"write:projects"}},
		{Methods: []string{"GET"}, Pattern: "/v1/projects/{project}/items/{item}", Scopes: []string{"read:projects"}},
		{Methods: []string{"DELETE"}, Pattern: "/v1/projects/{project}/items/{item}", Scopes: []string{"delete:projects"}},
	}, withLimit(keys.Live, "1000000/s", 10_000_000))
	_, secrets := f.keys(n, func(k *keys.Key) { k.Scopes = []string{"read:projects", "write:projects"} })
	ask := f.asker()
	for i := range secrets {
		secrets[i] = "Bearer " + secrets[i]
		ask(secrets[i])
	}
	return f, secrets
}
