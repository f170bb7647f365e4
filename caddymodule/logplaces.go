package caddymodule

import (
	"maps"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/keystile/keystile/internal/credential"
	"github.com/keystile/keystile/internal/forwarded"
)

// places are where the gates of this process take keys, of any configuration:
// like secrets, they only grow. What stands there and bears no prefix of ours,
// such as a key that was made elsewhere, can't be known by its looks.
var places logPlaces

type logPlaces struct {
	mu    sync.Mutex
	known atomic.Pointer[credential.Sources]
}

func (p *logPlaces) add(sources credential.Sources) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var next credential.Sources
	if old := p.known.Load(); old != nil {
		next = slices.Clone(*old)
	}
	for _, one := range sources {
		if !slices.Contains(next, one) {
			next = append(next, one)
		}
	}
	p.known.Store(&next)
}

// hide returns what is logged of a request without what stands in a place of a
// credential.
func (p *logPlaces) hide(logged zapcore.ObjectMarshaler) zapcore.ObjectMarshaler {
	request, ok := logged.(caddyhttp.LoggableHTTPRequest)
	known := p.known.Load()
	if !ok || known == nil || request.Request == nil {
		return logged
	}
	shown := *request.Request
	shown.Header = hideTargets(*known, known.RedactHeader(shown.Header, hideForeign))
	shown.RequestURI = known.RedactTarget(shown.RequestURI, hideForeign)
	request.Request = &shown
	return request
}

// hideTarget is hide for the address of a request that another encoder takes
// apart, such as `format filter`.
func (p *logPlaces) hideTarget(key, value string) string {
	known := p.known.Load()
	if key != "uri" || known == nil {
		return value
	}
	return known.RedactTarget(value, hideForeign)
}

// hideValues is hideTarget for the values of a header.
func (p *logPlaces) hideValues(key string, logged zapcore.ArrayMarshaler) zapcore.ArrayMarshaler {
	values, ok := logged.(caddyhttp.LoggableStringArray)
	known := p.known.Load()
	if !ok || known == nil {
		return logged
	}
	return caddyhttp.LoggableStringArray(hideTargets(*known, known.RedactHeader(http.Header{key: values}, hideForeign))[key])
}

// hideTargets is hide for the headers in which other proxies tell of a request,
// for keystile_verify to judge.
func hideTargets(known credential.Sources, h http.Header) http.Header {
	shown := h
	for _, name := range forwarded.Targets {
		told := slices.Clone(h[name])
		for i, value := range told {
			told[i] = known.RedactTarget(value, hideForeign)
		}
		if !slices.Equal(told, h[name]) {
			shown = maps.Clone(shown) // at most thrice
			shown[name] = told
		}
	}
	return shown
}

// hideForeign leaves the prefix of ours that a value opens with: it tells more.
func hideForeign(value string) string { return secrets.Opening(value) + "***" }

// hideIn is hide for the fields of an entry.
func (p *logPlaces) hideIn(fields []zapcore.Field) []zapcore.Field {
	isRequest := func(f zapcore.Field) bool {
		_, request := f.Interface.(caddyhttp.LoggableHTTPRequest)
		return request
	}
	if !slices.ContainsFunc(fields, isRequest) {
		return fields
	}
	fields = slices.Clone(fields) // other logs write them, too
	for i, f := range fields {
		if isRequest(f) {
			fields[i] = zap.Object(f.Key, p.hide(f.Interface.(zapcore.ObjectMarshaler)))
		}
	}
	return fields
}
