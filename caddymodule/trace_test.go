package caddymodule

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/policy"
	"github.com/keystile/keystile/internal/verdict"
)

func TestARequestThatNobodyTracesPaysNothingForTraces(t *testing.T) {
	seen := &conclusion{
		outcome: allowed, route: "GET /v1/*", admitted: true,
		key: &verdict.Principal{ID: "key_1", Rights: &verdict.Rights{Environment: keys.Live}},
	}
	met := &policy.Route{Methods: []string{"GET"}, Pattern: "/v1/*"}
	plain := httptest.NewRequest(http.MethodGet, "/v1/x", http.NoBody)
	unsampled := plain.WithContext(trace.ContextWithSpan(plain.Context(), noop.Span{}))
	for name, r := range map[string]*http.Request{"no span": plain, "a span that isn't sampled": unsampled} {
		if n := testing.AllocsPerRun(100, func() { seen.trace(r, met) }); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}
