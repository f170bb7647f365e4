package caddymodule

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/keystile/keystile/internal/credential"
	"github.com/keystile/keystile/internal/keys"
)

// encoders is where Caddy loads the encoder of a log from.
type encoders struct {
	Raw json.RawMessage `caddy:"namespace=caddy.logging.encoders inline_key=format"`
}

// loggers are one with our encoder and one with that which ours writes through,
// both as Caddy makes them. A wrapping is another encoder around each, with %s
// in its place.
func loggers(t testing.TB, wrapping, format string) (ours, plain *zap.Logger, wrote func() (ours, plain string)) {
	ctx, cancel := caddy.NewContext(caddy.Context{Context: t.Context()})
	t.Cleanup(cancel)
	of := func(config string, to *bytes.Buffer) *zap.Logger {
		loaded, err := ctx.LoadModule(&encoders{Raw: fmt.Appendf(nil, wrapping, config)}, "Raw")
		if err != nil {
			t.Fatal(err)
		}
		core := zapcore.NewCore(loaded.(zapcore.Encoder), zapcore.AddSync(to), zapcore.InfoLevel)
		return zap.New(core, zap.WithClock(stopped{}))
	}
	var out, want bytes.Buffer
	wrote = func() (string, string) { return out.String(), want.String() }
	return of(fmt.Sprintf(`{"format":"keystile","log_format":%q}`, format), &out), of(fmt.Sprintf(`{"format":%q}`, format), &want), wrote
}

// Wrappings of encoders.
const (
	bare     = "%s"
	filtered = `{"format":"filter","wrap":%s}`
	appended = `{"format":"append","fields":{"app":"shop"},"wrap":%s}`
)

// stopped is a clock of which all entries are of one moment.
type stopped struct{}

func (stopped) Now() time.Time                         { return time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC) }
func (stopped) NewTicker(d time.Duration) *time.Ticker { return time.NewTicker(d) }

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
	t.Parallel()
	noon := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	_, request := loggable()
	object := zapcore.ObjectMarshalerFunc(func(e zapcore.ObjectEncoder) error {
		e.AddString("inner", "value")
		return nil
	})
	broken := zapcore.ObjectMarshalerFunc(func(e zapcore.ObjectEncoder) error {
		e.AddString("begun", "value")
		return errors.New("broken")
	})
	kinds := [][]zapcore.Field{
		{zap.String("string", "a\"b"), zap.Bool("bool", true), zap.Duration("duration", time.Second), zap.Time("time", noon)},
		{zap.Int("int", -1), zap.Int64("int64", -2), zap.Int32("int32", -3), zap.Int16("int16", -4), zap.Int8("int8", -5)},
		{zap.Uint("uint", 1), zap.Uint64("uint64", 2), zap.Uint32("uint32", 3), zap.Uint16("uint16", 4), zap.Uint8("uint8", 5), zap.Uintptr("uintptr", 6)},
		{zap.Float64("float64", 1.5), zap.Float32("float32", 2.5), zap.Complex128("complex128", 1+2i), zap.Complex64("complex64", 3+4i)},
		{zap.Binary("binary", []byte{1, 2}), zap.ByteString("bytes", []byte("text")), zap.Strings("strings", []string{"a", "b"})},
		{zap.Any("reflected", map[string]int{"a": 1}), zap.Error(errors.New("broken")), zap.Stringer("stringer", &url.URL{Path: "/x"})},
		{zap.Namespace("namespace"), zap.Object("object", object), zap.Inline(object), zap.Skip()},
		{zap.Dict("dict", zap.Int("in", 1), zap.Namespace("deep"), zap.Strings("strings", []string{"x"})), zap.Object("broken", broken)},
		{request, zap.Object("headers", caddyhttp.LoggableHTTPHeader{Header: http.Header{"Accept": {"*/*"}}})},
	}
	for _, wrapping := range []string{bare, filtered, appended} {
		for _, format := range []string{formatJSON, formatConsole} {
			t.Run(fmt.Sprintf(wrapping, format), func(t *testing.T) { holdAgainst(t, wrapping, format, kinds) })
		}
	}
}

// holdAgainst logs with and without us.
func holdAgainst(t *testing.T, wrapping, format string, kinds [][]zapcore.Field) {
	for first := range kinds {
		for second := range kinds {
			ours, plain, wrote := loggers(t, wrapping, format)
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
	t.Parallel()
	ours, plain, wrote := loggers(t, bare, formatJSON)
	r, request := loggable()
	ours, plain = ours.With(request), plain.With(request)

	r.Header["User-Agent"][0] = "another"
	r.Header.Set("X-New", "one")
	r.RequestURI, r.Method, r.RemoteAddr = "/rewritten", http.MethodGet, "203.0.113.1:1"
	caddyhttp.SetVar(r.Context(), caddyhttp.ClientIPVarKey, "203.0.113.1")

	ours.Info("hello")
	plain.Info("hello")
	if got, want := wrote(); got != want {
		t.Errorf("the entry is\n%s\nwithout us:\n%s", got, want)
	}
}

// A delayed flush of Caddy's proxy logs beside the goroutine of the request,
// under verbose_logs.
func TestAnEntryMayBeWrittenWhileItsRequestGoesOn(t *testing.T) {
	t.Parallel()
	ours, _, _ := loggers(t, bare, formatJSON)
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
	t.Parallel()
	_, request := loggable()
	var none zapcore.Encoder // to call it panics
	core := zapcore.NewCore(&LogEncoder{heldFields: heldFields{encoder: none}}, zapcore.AddSync(io.Discard), zapcore.InfoLevel)
	logger := zap.New(core).With(zap.String("upstream", "localhost:9000"), zap.Duration("duration", time.Second), request)
	logger.With(zap.Int("read", 1)).Debug("read from upstream")
}

func TestAKeyOfAnotherMakeIsHiddenHoweverItsRequestIsLogged(t *testing.T) {
	t.Parallel()
	secrets.Add(keys.TokenPrefix)
	places.add(credential.Sources{{Kind: credential.Header, Name: "X-Hidden-Key"}, {Kind: credential.Query, Name: "hidden_key"}})
	object := zap.Strings("reasons", []string{"what can't wait"})
	for _, wrapping := range []string{bare, filtered, appended} {
		for _, format := range []string{formatJSON, formatConsole} {
			r, request := loggable()
			// A prefix of ours inside it says nothing about what stands before.
			r.RequestURI += "&hidden_key=made-elsewhereKst_too"
			r.Header.Set("X-Hidden-Key", "made-elsewhere.kst_too")
			ours, _, wrote := loggers(t, wrapping, format)
			ours.With(request).Info("of the logger")
			ours.With(request, object).Info("before what can't wait")
			ours.With(object, request).Info("behind it")
			ours.Info("of the entry", request)
			got, _ := wrote()
			shown := regexp.MustCompile(`"X-Hidden-Key": ?\["\*\*\*"\]`).FindAllString(got, -1)
			if strings.Contains(got, "made-elsewhere") || len(shown) != 4 || strings.Count(got, "?page=2&hidden_key=***") != 4 {
				t.Errorf("%s, %s: wrote\n%s", wrapping, format, got)
			}
		}
	}
}

// What other than a key would end it, belongs to the key where gates take keys.
func TestWhereGatesTakeKeysTheWholeOfOneIsHidden(t *testing.T) {
	t.Parallel()
	secrets.AddWide("whole_")
	places.add(credential.Sources{{Kind: credential.Header, Name: "X-Whole-Key"}, {Kind: credential.Query, Name: "whole_key"}})
	r, request := loggable()
	for _, odd := range []string{`"`, "&", ";", ",", "<", ">", " "} {
		parameter := "&whole_key=whole_ab" + url.QueryEscape(odd) + "its-tail"
		r.Header.Add("X-Whole-Key", "whole_ab"+odd+"its-tail")
		r.RequestURI += parameter
		for _, name := range []string{"X-Forwarded-Uri", "X-Original-Uri", "X-Original-Url"} { // for keystile_verify
			r.Header.Add(name, "/v1/projects?page=2"+parameter)
		}
	}
	ours, _, wrote := loggers(t, bare, formatJSON)
	ours.Info("handled request", request)
	if got, _ := wrote(); strings.Contains(got, "its-tail") || strings.Count(got, "whole_***") != 5*7 {
		t.Errorf("wrote\n%s", got)
	}
}

func BenchmarkLoggerOfAProxiedRequest(b *testing.B) {
	ours, plain, _ := loggers(b, bare, formatJSON)
	r, request := loggable()
	for _, name := range []string{"Accept", "Accept-Encoding", "Keystile-Key-Id", "Keystile-Workspace", "Keystile-Scopes", "Via", "X-Forwarded-For", "X-Request-Id"} {
		r.Header.Set(name, "some value of usual length")
	}
	for _, of := range []struct {
		name   string
		logger *zap.Logger
	}{{"keystile", ours}, {"json", plain}} {
		made := func() *zap.Logger {
			return of.logger.With(zap.String("upstream", "localhost:9000"), zap.Duration("duration", time.Second), request)
		}
		b.Run(of.name+"/silent", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				made()
			}
		})
		b.Run(of.name+"/writing", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				made().Info("handled request", zap.Int("status", http.StatusOK))
			}
		})
	}
}
