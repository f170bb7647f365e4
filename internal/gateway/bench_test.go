package gateway_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/keystile/keystile/internal/gateway"
	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/policy"
)

// BenchmarkDecide decides about requests of 10,000 cached keys in turn: a route
// with a scope, a limit, and the count of the call.
func BenchmarkDecide(b *testing.B) {
	const n = 10_000
	f, requests := warm(b, n)
	call := new(gateway.Call)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		f.decide(call, requests[i%n])
	}
}

// BenchmarkDecideParallel is BenchmarkDecide on every processor at once.
func BenchmarkDecideParallel(b *testing.B) {
	const n = 10_000
	f, requests := warm(b, n)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		call := new(gateway.Call)
		for i := 0; pb.Next(); i++ {
			f.decide(call, requests[i%n])
		}
	})
}

func TestDecisionAboutACachedKeyAllocatesNothing(t *testing.T) {
	f, requests := warm(t, 1)
	call := new(gateway.Call)
	for name, r := range map[string]*http.Request{
		"allowed": requests[0],
		"denied":  denied(requests[0]),
	} {
		if n := testing.AllocsPerRun(1000, func() { f.decide(call, r) }); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

// denied is the same request to a route whose scope the key lacks.
func denied(r *http.Request) *http.Request {
	other := httptest.NewRequest(http.MethodDelete, "/v1/projects/p1/items/7", http.NoBody)
	other.Header = r.Header
	return other
}

func (f *fixture) decide(c *gateway.Call, r *http.Request) {
	c.Reset()
	c.Request = r
	f.gate.Decide(c)
	if c.Verdict.Admitted() {
		f.gate.Count(c, http.StatusOK)
	}
}

func warm(t testing.TB, n int) (*fixture, []*http.Request) {
	t.Helper()
	f := setup(t, []*policy.Route{
		{Methods: []string{"GET"}, Pattern: "/v1/projects", Scopes: []string{"read:projects"}},
		{Methods: []string{"POST"}, Pattern: "/v1/projects", Scopes: []string{"write:projects"}},
		{Methods: []string{"GET"}, Pattern: "/v1/projects/{project}/items/{item}", Scopes: []string{"read:projects"}},
		{Methods: []string{"DELETE"}, Pattern: "/v1/projects/{project}/items/{item}", Scopes: []string{"delete:projects"}},
	}, withLimit(keys.Live, "1000000/s", 10_000_000))
	_, secrets := f.keys(n, func(k *keys.Key) { k.Scopes = []string{"read:projects", "write:projects"} })
	requests := make([]*http.Request, n)
	for i, secret := range secrets {
		requests[i] = httptest.NewRequest(http.MethodGet, "/v1/projects/p1/items/7", http.NoBody)
		requests[i].Header.Set("Authorization", "Bearer "+secret)
	}
	call := new(gateway.Call)
	for range 3 {
		for _, r := range requests {
			f.decide(call, r)
		}
	}
	return f, requests
}
