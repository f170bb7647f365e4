package caddymodule

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/keystile/keystile/internal/credential"
)

// loggers are one with our encoder and one with that which ours writes through.
// Their entries have no time.
func loggers() (ours, plain *zap.Logger, wrote func() (ours, plain string)) {
	var out, want bytes.Buffer
	inner := func() zapcore.Encoder {
		config := zap.NewProductionEncoderConfig()
		config.TimeKey = zapcore.OmitKey
		return zapcore.NewJSONEncoder(config)
	}
	of := func(e zapcore.Encoder, to *bytes.Buffer) *zap.Logger {
		return zap.New(zapcore.NewCore(e, zapcore.AddSync(to), zapcore.InfoLevel))
	}
	wrote = func() (string, string) { return out.String(), want.String() }
	return of(&LogEncoder{heldFields: heldFields{encoder: inner()}}, &out), of(inner(), &want), wrote
}

// loggable is a request as Caddy logs it, from a client it knows.
func loggable() (*http.Request, zapcore.Field) {
	vars := map[string]any{caddyhttp.ClientIPVarKey: "192.0.2.7"}
	ctx := context.WithValue(context.Background(), caddyhttp.VarsCtxKey, vars)
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/v1/projects?page=2", http.NoBody)
	r.Header.Set("User-Agent", "curl/8")
	r.TransferEncoding = []string{"chunked"}
	return r, zap.Object("request", caddyhttp.LoggableHTTPRequest{Request: r})
}

func TestAnEntryHasTheFieldsThatItWouldHaveWithoutUs(t *testing.T) {
	noon := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	_, request := loggable()
	object := zapcore.ObjectMarshalerFunc(func(e zapcore.ObjectEncoder) error {
		e.AddString("inner", "value")
		return nil
	})
	kinds := [][]zapcore.Field{
		{zap.String("string", "a\"b"), zap.Bool("bool", true), zap.Duration("duration", time.Second), zap.Time("time", noon)},
		{zap.Int("int", -1), zap.Int64("int64", -2), zap.Int32("int32", -3), zap.Int16("int16", -4), zap.Int8("int8", -5)},
		{zap.Uint("uint", 1), zap.Uint64("uint64", 2), zap.Uint32("uint32", 3), zap.Uint16("uint16", 4), zap.Uint8("uint8", 5), zap.Uintptr("uintptr", 6)},
		{zap.Float64("float64", 1.5), zap.Float32("float32", 2.5), zap.Complex128("complex128", 1+2i), zap.Complex64("complex64", 3+4i)},
		{zap.Binary("binary", []byte{1, 2}), zap.ByteString("bytes", []byte("text")), zap.Strings("strings", []string{"a", "b"})},
		{zap.Any("reflected", map[string]int{"a": 1}), zap.Error(errors.New("broken")), zap.Stringer("stringer", &url.URL{Path: "/x"})},
		{zap.Namespace("namespace"), zap.Object("object", object), zap.Inline(object), zap.Skip()},
		{request},
	}
	for first := range kinds {
		for second := range kinds {
			ours, plain, wrote := loggers()
			for _, l := range []*zap.Logger{ours, plain} {
				parent := l.With(kinds[first]...)
				child, other := parent.With(kinds[second]...), parent.With(zap.Int("other", 1))
				child.Info("hello", kinds[first]...)
				other.Info("the parent's other child")
				child.Named("name").With(kinds[first][0]).Warn("again")
			}
			if got, want := wrote(); got != want {
				t.Errorf("kinds %d and %d:\n%s\nwithout us:\n%s", first, second, got, want)
			}
		}
	}
}

func TestAnEntryShowsTheRequestAsItWasWhenItsLoggerWasMade(t *testing.T) {
	ours, plain, wrote := loggers()
	r, request := loggable()
	ours, plain = ours.With(request), plain.With(request)

	r.Header.Set("User-Agent", "another")
	r.Header.Set("X-New", "one")
	r.RequestURI, r.Method, r.RemoteAddr = "/rewritten", http.MethodGet, "203.0.113.1:1"
	caddyhttp.SetVar(r.Context(), caddyhttp.ClientIPVarKey, "203.0.113.1")

	ours.Info("hello")
	plain.Info("hello")
	if got, want := wrote(); got != want {
		t.Errorf("the entry is\n%s\nwithout us:\n%s", got, want)
	}
}

// A delayed flush of Caddy's proxy logs beside the goroutine of the request.
func TestAnEntryMayBeWrittenWhileItsRequestGoesOn(t *testing.T) {
	ours, _, _ := loggers()
	r, request := loggable()
	logger := ours.With(request)
	var beside sync.WaitGroup
	beside.Go(func() {
		for range 100 {
			logger.With(zap.Int("read", 1)).Info("flushed")
		}
	})
	for range 100 {
		r.Header.Set("X-New", "one")
		caddyhttp.SetVar(r.Context(), caddyhttp.ClientIPVarKey, "203.0.113.1")
		logger.With(zap.Int("read", 2))
	}
	beside.Wait()
}

func TestALoggerThatWritesNothingEncodesNothing(t *testing.T) {
	_, request := loggable()
	var none zapcore.Encoder // to call it panics
	core := zapcore.NewCore(&LogEncoder{heldFields: heldFields{encoder: none}}, zapcore.AddSync(io.Discard), zapcore.InfoLevel)
	logger := zap.New(core).With(zap.String("upstream", "localhost:9000"), zap.Duration("duration", time.Second), request)
	logger.With(zap.Int("read", 1)).Debug("read from upstream")
}

func TestAKeyOfAnotherMakeIsHiddenHoweverItsRequestIsLogged(t *testing.T) {
	places.add(credential.Sources{{Kind: credential.Header, Name: "X-Hidden-Key"}})
	r, request := loggable()
	r.Header.Set("X-Hidden-Key", "made-elsewhere")
	object := zap.Strings("reasons", []string{"what can't wait"})
	ours, _, wrote := loggers()
	ours.With(request).Info("of the logger")
	ours.With(request, object).Info("before what can't wait")
	ours.With(object, request).Info("behind it")
	ours.Info("of the entry", request)
	got, _ := wrote()
	if strings.Contains(got, "made-elsewhere") || strings.Count(got, `"X-Hidden-Key":["***"]`) != 4 {
		t.Errorf("wrote\n%s", got)
	}
}

func BenchmarkLoggerOfAProxiedRequest(b *testing.B) {
	ours, plain, _ := loggers()
	r, request := loggable()
	for _, name := range []string{"Accept", "Accept-Encoding", "Keystile-Key-Id", "Keystile-Workspace", "Keystile-Scopes", "Via", "X-Forwarded-For", "X-Request-Id"} {
		r.Header.Set(name, "some value of usual length")
	}
	for name, l := range map[string]*zap.Logger{"keystile": ours, "json": plain} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				l.With(zap.String("upstream", "localhost:9000"), zap.Duration("duration", time.Second), request).With(zap.Int("read", 1))
			}
		})
	}
}
