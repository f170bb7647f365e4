package caddymodule

import (
	"net/http"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/keystile/keystile/internal/policy"
)

// Attributes of a span. What OpenTelemetry has a name for bears that; the rest
// is under our own.
const (
	attrHTTPRoute   = attribute.Key("http.route")
	attrOutcome     = attribute.Key("keystile.outcome")
	attrMode        = attribute.Key("keystile.mode")
	attrRoute       = attribute.Key("keystile.route")
	attrKeyID       = attribute.Key("keystile.key_id")
	attrEnvironment = attribute.Key("keystile.environment")
)

// mostAttributes is how many of them one span can get.
const mostAttributes = 6

// trace puts a conclusion on the span of the request, where Caddy's tracing
// handler stands in front of the gate and this request is sampled.
func (s *conclusion) trace(r *http.Request, met *policy.Route) {
	span := trace.SpanFromContext(r.Context())
	if !span.IsRecording() {
		return
	}
	mode := enforce
	if s.observed {
		mode = observe
	}
	attributes := make([]attribute.KeyValue, 0, mostAttributes)
	attributes = append(attributes, attrOutcome.String(s.outcome), attrMode.String(mode))
	if met != nil {
		attributes = append(attributes, attrHTTPRoute.String(met.Pattern), attrRoute.String(s.route))
	}
	if s.key != nil {
		attributes = append(attributes, attrKeyID.String(string(s.key.ID)), attrEnvironment.String(string(s.key.Environment)))
	}
	span.SetAttributes(attributes...)
	maskSpan(span)
}

// described is a span that tells what was said of it, as those do that are
// exported.
type described interface {
	Name() string
	Attributes() []attribute.KeyValue
}

// maskSpan takes secrets off what was put on a span before any handler ran, such
// as the path, the host and the agent.
func maskSpan(span trace.Span) {
	said, ok := span.(described)
	if !ok {
		return
	}
	if masked := secrets.Text(said.Name()); masked != said.Name() {
		span.SetName(masked)
	}
	for _, one := range said.Attributes() {
		text := one.Value.AsString() // what is no string is empty
		if masked := secrets.Text(text); masked != text {
			span.SetAttributes(one.Key.String(masked))
		}
	}
}
