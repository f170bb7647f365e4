package caddymodule

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/keystile/keystile/internal/engine"
	"github.com/keystile/keystile/internal/limit"
	"github.com/keystile/keystile/internal/manage"
	"github.com/keystile/keystile/internal/storage"
)

// fileGates are the gates of a configuration that isn't running, on its store.
type fileGates struct {
	app     *App // with its parts
	adapted []byte
	store   storage.Store
}

// explain implements what manage.Config asks for: the gates rehearse as those
// of a running configuration do, on an engine that only looks.
func (f *fileGates) explain(ctx context.Context, workspace string, ask manage.Question, then *storage.Denial) (manage.Explained, error) {
	buckets := f.app.parts.look(ctx)
	defer func() { _ = buckets.Close() }() // it only looked
	app := &App{Config: f.app.Config, parts: f.app.parts, log: slog.New(slog.DiscardHandler)}
	looking, err := engine.Look(engine.Config{Store: kept{f.store}, Limiter: buckets, Now: now, Log: app.log, Stats: &stats}, app.settingsOf())
	if err != nil {
		return manage.Explained{}, err
	}
	defer func() { _ = looking.Hurry(0) }() // nothing was counted
	app.engine = looking
	sites, err := app.gatesIn(f.adapted)
	if err != nil {
		return manage.Explained{}, err
	}
	v, err := newVerifier(app)
	if err != nil {
		return manage.Explained{}, err
	}
	v.sites, v.unsaid = func() []standing { return sites }, app.unsaid(buckets.says)
	return v.explain(ctx, workspace, ask, then)
}

// kept is a store that somebody else closes.
type kept struct{ storage.Store }

// Close implements storage.Store.
func (kept) Close() error { return nil }

// gatesIn makes the gates of a configuration as its start would, on the app's
// engine.
func (a *App) gatesIn(adapted []byte) ([]standing, error) {
	var config httpConfig
	if err := json.Unmarshal(adapted, &config); err != nil {
		return nil, fmt.Errorf("read the configuration: %w", err)
	}
	var out []standing
	taken := map[string]int{}
	for _, at := range stepsIn(adapted) {
		if !isGate(at.name) {
			continue
		}
		one, err := a.stand(&at, &config)
		if err != nil {
			return nil, fmt.Errorf("the gate at %s: %w", at.place, err)
		}
		one.place = numbered(taken, at.place)
		one.gate.gate.StandAt(one.place)
		out = append(out, one)
	}
	return out, nil
}

// stand makes the gate of a step.
func (a *App) stand(at *step, config *httpConfig) (standing, error) {
	h := &Handler{app: a}
	if err := json.Unmarshal(at.raw, &h.Policy); err != nil {
		return standing{}, err
	}
	expand := resolve
	if at.name == verifyName {
		expand = resolveForwarded
	}
	var err error
	if h.gate, err = a.newGate(&h.Policy, expand); err != nil {
		return standing{}, err
	}
	one := standing{gate: h, address: at.reachedAt(), behind: at.behind}
	for _, hosts := range at.within {
		matcher := caddyhttp.MatchHost(hosts)
		if err := matcher.Provision(caddy.Context{}); err != nil {
			return standing{}, err
		}
		one.hosts = append(one.hosts, &matcher)
	}
	server, _, _ := strings.Cut(at.site, "/")
	web := &config.Apps.HTTP
	one.ports = portsOf(&caddyhttp.App{HTTPPort: web.HTTPPort, HTTPSPort: web.HTTPSPort}, &caddyhttp.Server{Listen: web.Servers[server].Listen})
	return one, nil
}

// reachedAt is the address that alone leads to a step; empty: none does.
func (s *step) reachedAt() string {
	if len(s.conditions) > 0 || s.behind {
		return ""
	}
	return s.address
}

// settingsOf are what the app's configuration says to its engine.
func (a *App) settingsOf() *engine.Settings {
	s := a.parts.settings(&a.Config)
	return &s
}

// glimpse is a limiter that is looked at and not taken from.
type glimpse struct {
	limit.Limiter
	io.Closer
	says string // what it can't know
}
