package caddymodule

import (
	"github.com/caddyserver/caddy/v2"
)

func init() { caddy.RegisterModule(&App{}) }

// App is Keystile's part of a configuration that all gates share: store, key
// format, scopes, plans, limits.
type App struct {
	Config
}

// CaddyModule implements caddy.Module.
func (*App) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "keystile", New: func() caddy.Module { return new(App) }}
}

// Start implements caddy.App.
func (a *App) Start() error { return nil }

// Stop implements caddy.App.
func (a *App) Stop() error { return nil }
