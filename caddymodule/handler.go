package caddymodule

import (
	"cmp"
	"net/http"
	"net/netip"
	"sync"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/keystile/keystile/internal/gateway"
	"github.com/keystile/keystile/internal/identity"
)

func init() { caddy.RegisterModule(&Handler{}) }

// Handler is the gate: it lets a request through to what stands behind it when
// the request's API key may do what it asks for.
type Handler struct {
	Policy

	app     *App
	gate    *gateway.Gate
	decided *decided
	release func()
	calls   sync.Pool
	// denyStatus is the status of every refusal; 0: each has its own.
	denyStatus int
}

// CaddyModule implements caddy.Module.
func (*Handler) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "http.handlers.keystile", New: func() caddy.Module { return new(Handler) }}
}

// Provision implements caddy.Provisioner.
func (h *Handler) Provision(ctx caddy.Context) error { return h.provision(ctx, resolve) }

// provision makes the gate, which reads placeholders of requests by expand.
func (h *Handler) provision(ctx caddy.Context, expand expander) error {
	app, err := appOf(ctx)
	if err != nil {
		return err
	}
	h.app = app
	if h.release, err = app.retain(); err != nil {
		return err
	}
	app.gates++
	return h.build(expand)
}

func (h *Handler) build(expand expander) (err error) {
	h.calls.New = func() any { return new(gateway.Call) }
	if h.gate, err = h.app.newGate(&h.Policy, expand); err != nil {
		return err
	}
	h.decided = newDecided(cmp.Or(h.Mode, enforce), h.gate.Routes())
	return nil
}

// Cleanup implements caddy.CleanerUpper. It also follows a Provision that
// failed half-way.
func (h *Handler) Cleanup() error {
	if h.release != nil {
		h.release()
		h.release = nil
	}
	return nil
}

// ServeHTTP implements caddyhttp.MiddlewareHandler.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	at, ok := h.app.engine.Enter()
	c := h.calls.Get().(*gateway.Call)
	defer h.giveBack(c)
	h.describe(c, r)
	announced := r.Trailer
	if !ok {
		return withoutTrailers(r, announced, h.refuseLate(w, r, c))
	}
	defer h.app.engine.Leave(at)
	h.app.standings()

	h.app.decide(h.gate, c)
	h.strip(c)
	if c.WouldDeny != "" {
		r.Header[identity.HeaderWouldDeny] = []string{string(c.WouldDeny)}
	}
	h.record(c, r)
	if !c.Verdict.Admitted() {
		return withoutTrailers(r, announced, h.refuse(w, r, c))
	}
	return withoutTrailers(r, announced, h.admit(w, r, c, next))
}

// describe tells a call what Caddy knows of the request.
func (h *Handler) describe(c *gateway.Call, r *http.Request) {
	c.Request, c.Asking = r, r
	c.Client = clientOf(r)
	if original, ok := r.Context().Value(caddyhttp.OriginalRequestCtxKey).(http.Request); ok {
		c.Original = original.URL
	}
}

// strip takes off what nobody else may see. Caddy keeps the target as it was sent
// for a placeholder, too.
func (h *Handler) strip(c *gateway.Call) {
	var query string
	if c.Original != nil {
		query = c.Original.RawQuery
	}
	h.gate.Strip(c)
	if c.Original != nil && c.Original.RawQuery != query {
		replacerOf(c.Asking).Set("http.request.orig_uri", c.Original.RequestURI())
	}
}

func (h *Handler) giveBack(c *gateway.Call) {
	c.Reset()
	h.calls.Put(c)
}

// clientOf returns the client's address as Caddy's trusted_proxies settle it.
func clientOf(r *http.Request) netip.Addr {
	text, _ := caddyhttp.GetVar(r.Context(), caddyhttp.ClientIPVarKey).(string)
	addr, err := netip.ParseAddr(text)
	if err != nil {
		return netip.Addr{}
	}
	return addr
}

// expander fills in the placeholders of a request in a text.
type expander func(r *http.Request, template string) string

// resolve fills in placeholders; what is not known is empty.
func resolve(r *http.Request, template string) string { return replacerOf(r).ReplaceAll(template, "") }

func replacerOf(r *http.Request) *caddy.Replacer {
	return r.Context().Value(caddy.ReplacerCtxKey).(*caddy.Replacer)
}

// Interface guards.
var (
	_ caddy.Provisioner           = (*Handler)(nil)
	_ caddy.CleanerUpper          = (*Handler)(nil)
	_ caddyhttp.MiddlewareHandler = (*Handler)(nil)
)
