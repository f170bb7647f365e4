// Package locallimiter is the guest module keystile.limiters.local: limits are
// counted in the memory of one node.
package locallimiter

import (
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/keystile/keystile/internal/limit"
	"github.com/keystile/keystile/internal/limit/local"
)

func init() { caddy.RegisterModule(Limiter{}) }

// Limiter counts requests on this node alone. It has no options.
type Limiter struct{}

// CaddyModule implements caddy.Module.
func (Limiter) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "keystile.limiters.local", New: func() caddy.Module { return new(Limiter) }}
}

// UnmarshalCaddyfile reads: limiter local
func (*Limiter) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // local
	if d.Next() {
		return d.Errf("limiter local takes nothing behind it, but has %q", d.Val())
	}
	return nil
}

// Key is the same for all: there is one such limiter per engine.
func (Limiter) Key() string { return "local" }

// Open makes a limiter with all buckets full.
func (Limiter) Open() (limit.Limiter, error) { return local.New(time.Now()), nil }

// Interface guards.
var _ caddyfile.Unmarshaler = (*Limiter)(nil)
