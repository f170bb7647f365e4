package caddymodule

import (
	"net/http"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/keystile/keystile/internal/api"
)

func init() { caddy.RegisterModule(&Admin{}) }

// Admin serves the management API under /v1/, relative to where it is mounted.
type Admin struct {
	api     http.Handler
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
	service, err := app.manager(app.engine.Store())
	if err != nil {
		return err
	}
	a.api, err = api.New(api.Config{
		Service: service, Authenticate: service.Authenticate, Version: version(), Log: ctx.Slogger(),
		RequestID:     requestID,
		ClientAddress: func(r *http.Request) string { return clientOf(r).String() },
	})
	return err
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
// that nothing behind it can be reached past the management API.
func (a *Admin) ServeHTTP(w http.ResponseWriter, r *http.Request, _ caddyhttp.Handler) error {
	a.api.ServeHTTP(w, r)
	return nil
}

// Interface guards.
var (
	_ caddy.Provisioner           = (*Admin)(nil)
	_ caddy.CleanerUpper          = (*Admin)(nil)
	_ caddyhttp.MiddlewareHandler = (*Admin)(nil)
)
