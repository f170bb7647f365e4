// Command faultygate is Keystile with a limiter and a store more, which fail or
// panic where a test says so. Tests build it with the clock of its package clock.
package main

import (
	"context"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	_ "github.com/caddyserver/caddy/v2/modules/standard"

	_ "github.com/keystile/keystile"
	"github.com/keystile/keystile/caddymodule"
	"github.com/keystile/keystile/internal/limit"
	"github.com/keystile/keystile/internal/limit/local"
)

func init() { caddy.RegisterModule(Limiter{}) }

func main() {
	caddymodule.RegisterTopLevelCommands()
	caddycmd.Main()
}

// Limiter is the local limiter, which panics for limits of routes whose pattern
// begins with /panic.
type Limiter struct{}

// CaddyModule implements caddy.Module.
func (Limiter) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "keystile.limiters.faulty", New: func() caddy.Module { return new(Limiter) }}
}

// UnmarshalCaddyfile reads: limiter faulty
func (*Limiter) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next()
	return nil
}

// Key implements caddymodule.LimiterModule.
func (Limiter) Key() string { return "faulty" }

// Open implements caddymodule.LimiterModule.
func (Limiter) Open() (limit.Limiter, error) { return faulty{local.New(time.Now())}, nil }

type faulty struct{ limit.Limiter }

// Take implements limit.Limiter.
func (f faulty) Take(ctx context.Context, of limit.Subject, limits []*limit.Limit, cost limit.Cost, now time.Time) (limit.Decision, error) {
	for _, l := range limits {
		if strings.Contains(l.Name, "/panic") {
			panic("forced by a test")
		}
	}
	return f.Limiter.Take(ctx, of, limits, cost, now)
}
