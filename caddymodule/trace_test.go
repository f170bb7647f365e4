package caddymodule

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/keystile/keystile/internal/gateway"
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

// sampled is a span that will be exported.
type sampled struct {
	noop.Span
	said []attribute.KeyValue
}

func (*sampled) IsRecording() bool                  { return true }
func (*sampled) Name() string                       { return "handler" }
func (s *sampled) Attributes() []attribute.KeyValue { return slices.Clone(s.said) }
func (s *sampled) SetAttributes(kv ...attribute.KeyValue) {
	for _, one := range kv {
		s.said = slices.DeleteFunc(s.said, func(had attribute.KeyValue) bool { return had.Key == one.Key })
	}
	s.said = append(s.said, kv...)
}

func TestTheSpanOfARequestThatComesTooLateShowsNoSecret(t *testing.T) {
	f := setupBench(t)
	secrets.Add("ks_live_")
	span := &sampled{said: []attribute.KeyValue{attribute.String("url.path", "/v1/"+nobodys), attribute.String("client.address", "192.0.2.7")}}
	r := httptest.NewRequest(http.MethodGet, "/v1/"+nobodys, http.NoBody)
	r = prepared(trace.ContextWithSpan(t.Context(), span), r, http.Header{}, httptest.NewRecorder())
	c := &gateway.Call{Request: r, Asking: r}
	if err := f.refuseLate(httptest.NewRecorder(), r, c); err != nil {
		t.Fatal(err)
	}
	want := []attribute.KeyValue{attribute.String("client.address", "192.0.2.7"), attribute.String("url.path", "/v1/ks_live_***")}
	if !slices.Equal(span.said, want) {
		t.Errorf("%v, want %v", span.said, want)
	}
}
