package caddymodule

import (
	"net/http"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/keystile/keystile/internal/gateway"
	"github.com/keystile/keystile/internal/identity"
)

func init() { caddy.RegisterModule(&Verify{}) }

// Verify is a gate that other proxies ask before they hand a request on to an
// upstream of their own. It answers everything itself: 200 with who calls, or
// the refusal.
type Verify struct {
	Handler

	// Addresses and CIDR blocks of the proxies that are believed about the
	// request that they ask about, and about the client's address. Default:
	// those that the server's trusted_proxies name.
	Trusted []string `json:"trusted,omitempty"`

	// Which request is judged. forwarded: the one that X-Forwarded-Method and
	// X-Forwarded-Uri (or X-Original-Method and X-Original-URI) tell of;
	// request: the one that asks, method and path, as Envoy does. Default:
	// forwarded.
	Target string `json:"target,omitempty"`

	// 403: every refusal has this status and its own in Keystile-Status, for
	// proxies that can't pass others on. Default: each its own.
	DenyStatus int `json:"deny_status,omitempty"`

	trusted    []netip.Prefix
	complained atomic.Int64 // nanoseconds since 1970, of the last complaint
}

// CaddyModule implements caddy.Module.
func (*Verify) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "http.handlers.keystile_verify", New: func() caddy.Module { return new(Verify) }}
}

// Provision implements caddy.Provisioner.
func (v *Verify) Provision(ctx caddy.Context) error {
	if err := v.checkOwn(); err != nil {
		return err
	}
	v.trusted, v.denyStatus = v.blocks(), v.DenyStatus
	return v.provision(ctx, resolveForwarded)
}

// ServeHTTP implements caddyhttp.MiddlewareHandler. What stands behind it is
// never asked.
func (v *Verify) ServeHTTP(w http.ResponseWriter, r *http.Request, _ caddyhttp.Handler) error {
	at, ok := v.app.engine.Enter()
	c := v.calls.Get().(*gateway.Call)
	defer v.giveBack(c)
	untold := v.describe(c, r)
	if !ok {
		return v.refuseLate(w, r, c)
	}
	defer v.app.engine.Leave(at)
	v.app.standings()

	v.app.decide(v.gate, c)
	v.gate.Strip(c)
	v.record(c, r)
	if !c.Verdict.Admitted() {
		return v.refuseAsked(w, r, c, untold)
	}
	v.allow(w, c)
	return nil
}

// allow tells the proxy who calls. Every identity header is there, empty ones
// too, so that it overwrites what the client sent under that name.
func (v *Verify) allow(w http.ResponseWriter, c *gateway.Call) {
	head := w.Header()
	c.Tell(head)
	gateway.SetHeaders(head, c)
	if c.WouldDeny != "" {
		head[identity.HeaderWouldDeny] = []string{string(c.WouldDeny)}
	}
	head["Cache-Control"] = []string{"no-store"}
	head["Content-Length"] = []string{"0"}
	w.WriteHeader(http.StatusOK)
	v.gate.Count(c, http.StatusOK) // what the upstream then answers, nobody tells
}

// refuseAsked is refuse, which says as well why nobody could tell what was asked about.
func (v *Verify) refuseAsked(w http.ResponseWriter, r *http.Request, c *gateway.Call, untold error) error {
	gateway.SetHeaders(w.Header(), c)
	p := v.gate.Problem(c)
	if untold != nil {
		p.Message = "The proxy in front doesn't say which request it asks about: " + untold.Error() + "."
		v.complain(r, untold)
	}
	return v.answer(w, r, p)
}

// complainEvery bounds how often the log says that a proxy isn't set up right:
// each of its requests fails for the same reason.
const complainEvery = time.Minute

func (v *Verify) complain(r *http.Request, why error) {
	last, at := v.complained.Load(), now().UnixNano()
	if at-last >= int64(complainEvery) && v.complained.CompareAndSwap(last, at) {
		v.app.log.Warn("keystile_verify is asked about a request that it isn't told of: see docs/neighbours", "why", why.Error(), "asked_by", r.RemoteAddr)
	}
}

// Interface guards.
var (
	_ caddy.Provisioner           = (*Verify)(nil)
	_ caddy.CleanerUpper          = (*Verify)(nil)
	_ caddyhttp.MiddlewareHandler = (*Verify)(nil)
)
