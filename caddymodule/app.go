package caddymodule

import (
	"context"
	"fmt"
	"log/slog"
	"sync"

	"github.com/caddyserver/caddy/v2"

	"github.com/keystile/keystile/internal/dashboard"
	"github.com/keystile/keystile/internal/engine"
)

func init() { caddy.RegisterModule(&App{}) }

// App is Keystile's part of a configuration that all gates share: store, key
// format, scopes, plans, limits.
type App struct {
	Config

	parts    *parts
	engine   *engine.Engine
	sessions *dashboard.Sessions
	settings engine.Settings
	releases []func()
	started  bool
	gates    int
	ctx      caddy.Context
	log      *slog.Logger

	surveyed   sync.Once
	gatesFound []standing // see standings
}

// CaddyModule implements caddy.Module.
func (*App) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "keystile", New: func() caddy.Module { return new(App) }}
}

// appOf returns the app of the configuration that is being provisioned; where
// it has none, one with the defaults.
func appOf(ctx caddy.Context) (*App, error) {
	loaded, err := ctx.App("keystile")
	if err != nil {
		return nil, fmt.Errorf("load the keystile app: %w", err)
	}
	return loaded.(*App), nil
}

// Provision implements caddy.Provisioner. It opens what is needed, but reads
// and writes nothing, unless it is for a reload: `validate` provisions, too.
func (a *App) Provision(ctx caddy.Context) error {
	a.ctx, a.log = ctx, ctx.Slogger()
	built, err := a.build(ctx)
	if err != nil {
		return err
	}
	a.parts = built
	a.publishPrefixes()
	a.settings = built.settings(&a.Config)
	if a.settings.Events, err = newEmitter(ctx); err != nil {
		return err
	}
	release, err := a.retain()
	if err != nil {
		return err
	}
	a.releases = append(a.releases, release)
	if err := registerMetrics(ctx.GetMetricsRegistry()); err != nil {
		return err
	}
	return a.beginBeforeServers()
}

// beginBeforeServers opens the store where Caddy serves another configuration
// already. Apps are started in any order, and what servers take until the one
// fails that can't be started is lost: whatever may fail here has to fail while
// no server of this configuration listens.
func (a *App) beginBeforeServers() error {
	if caddy.ActiveContext().Context == nil {
		return nil // a first start, or none at all, as in `validate`
	}
	return a.engine.Begin(context.Background(), &a.settings)
}

// retain takes a reference to the engine, and returns what gives it back.
func (a *App) retain() (release func(), err error) {
	id := a.parts.id
	value, _, err := engines.LoadOrNew(id, func() (caddy.Destructor, error) {
		if again := draining.reclaim(id); again != nil {
			return again, nil
		}
		made, err := a.parts.newEngine(a.log)
		if err != nil {
			return nil, err
		}
		return &pooled{made, id, dashboard.NewSessions(engine.NewGuesses(signIns, now()))}, nil
	})
	if err != nil {
		return nil, err
	}
	held := value.(*pooled)
	a.engine, a.sessions = held.Engine, held.sessions
	return func() {
		if _, err := engines.Delete(id); err != nil {
			a.log.Error("closing the key store failed", "error", err)
		}
	}, nil
}

// Start implements caddy.App.
func (a *App) Start() error {
	if err := a.engine.Start(context.Background(), &a.settings); err != nil {
		return fmt.Errorf("keystile: %w", err)
	}
	a.started = true
	a.warnOfShortPepper()
	a.warnOfPlainLogs()
	a.warnOfLostPlans()
	return nil
}

// warnOfShortPepper says that a pepper adds little: it is taken all the same,
// since the keys that it made need it.
func (a *App) warnOfShortPepper() {
	if a.parts.guessable {
		a.log.Warn(fmt.Sprintf("a pepper of fewer than %d characters can be guessed: put a longer one, such as of `openssl rand -hex 32`, in front of it", shortPepper))
	}
}

// Stop implements caddy.App. It undoes Start, as the failure of a later app
// asks for; the last flush is the pool's.
func (a *App) Stop() error {
	if a.started {
		a.engine.Retire(&a.settings)
	}
	return nil
}

// Cleanup implements caddy.CleanerUpper. It also follows a Provision that
// failed half-way.
func (a *App) Cleanup() error {
	for _, release := range a.releases {
		release()
	}
	a.releases = nil
	return nil
}

// Interface guards.
var (
	_ caddy.App          = (*App)(nil)
	_ caddy.Provisioner  = (*App)(nil)
	_ caddy.CleanerUpper = (*App)(nil)
)
