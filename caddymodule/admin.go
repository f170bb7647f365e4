package caddymodule

import (
	"errors"
	"net/http"
	"strings"
	"sync"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/keystile/keystile/internal/api"
	"github.com/keystile/keystile/internal/engine"
)

func init() { caddy.RegisterModule(&Admin{}) }

// Admin serves the management API under /v1/, and the dashboard elsewhere,
// relative to where it is mounted.
type Admin struct {
	api     http.Handler
	pages   http.Handler
	engine  *engine.Engine
	release func()
}

// CaddyModule implements caddy.Module.
func (*Admin) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "http.handlers.keystile_admin", New: func() caddy.Module { return new(Admin) }}
}

// Provision implements caddy.Provisioner.
func (a *Admin) Provision(ctx caddy.Context) error {
	app, err := appOf(ctx)
	if err != nil {
		return err
	}
	if a.release, err = app.retain(); err != nil {
		return err
	}
	a.engine = app.engine
	verifier, err := newVerifier(app)
	if err != nil {
		return err
	}
	service, err := app.manager(app.engine.Store(), attached{
		catchUp: app.engine.CatchUp, decide: verifier.decide, explain: verifier.explain, closing: closingOf(ctx), gates: app.gatesInForce, bounds: app.bounds,
	})
	if err != nil {
		return err
	}
	a.api, err = api.New(api.Config{
		Service: service, Authenticate: service.Authenticate, Verify: service.VerifyKey, Inspect: service, Version: version(), Log: ctx.Slogger(),
		RequestID:     requestID,
		ClientAddress: func(r *http.Request) string { return clientOf(r).String() },
		Mount:         mountOf,
	})
	if err != nil {
		return err
	}
	a.pages, err = app.dashboard(service, ctx.Slogger())
	return err
}

// closingOf returns what is closed once the server that a handler stands in
// begins to end: it waits for its requests, so none of them may wait for long.
// Without a server, that is never.
func closingOf(ctx caddy.Context) <-chan struct{} {
	server, ok := ctx.Value(caddyhttp.ServerCtxKey).(*caddyhttp.Server)
	if !ok {
		return nil
	}
	closing := make(chan struct{})
	server.RegisterOnShutdown(sync.OnceFunc(func() { close(closing) }))
	return closing
}

// mountOf is what a handler before this one has stripped off the path, such as
// /keys of `handle_path /keys/*`. Where the path was rewritten in another way,
// nobody knows.
func mountOf(r *http.Request) string {
	original, ok := r.Context().Value(caddyhttp.OriginalRequestCtxKey).(http.Request)
	if !ok {
		return ""
	}
	mount, _ := strings.CutSuffix(original.URL.EscapedPath(), r.URL.EscapedPath())
	if mount == original.URL.EscapedPath() {
		return ""
	}
	return mount
}

// Cleanup implements caddy.CleanerUpper.
func (a *Admin) Cleanup() error {
	if a.release != nil {
		a.release()
		a.release = nil
	}
	return nil
}

// ServeHTTP implements caddyhttp.MiddlewareHandler. It answers everything, so
// that nothing behind it can be reached past the management API. A program that
// presents a token is answered by the API, wherever it asks.
func (a *Admin) ServeHTTP(w http.ResponseWriter, r *http.Request, _ caddyhttp.Handler) error {
	if answersHealth(w, r, a.engine.Readiness) {
		return nil
	}
	at, ok := a.engine.Enter()
	if !ok { // a configuration that was replaced so long ago that its store is closed
		w.Header().Set("Connection", "close")
		return caddyhttp.Error(http.StatusServiceUnavailable, errors.New("the store is closed"))
	}
	defer a.engine.Leave(at)
	if forProgram(r) {
		a.api.ServeHTTP(w, r)
	} else {
		a.pages.ServeHTTP(w, r)
	}
	return nil
}

func forProgram(r *http.Request) bool {
	scheme, _, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	return r.URL.Path == "/v1" || strings.HasPrefix(r.URL.Path, "/v1/") || strings.EqualFold(scheme, "Bearer")
}

// Interface guards.
var (
	_ caddy.Provisioner           = (*Admin)(nil)
	_ caddy.CleanerUpper          = (*Admin)(nil)
	_ caddyhttp.MiddlewareHandler = (*Admin)(nil)
)
