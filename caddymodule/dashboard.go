package caddymodule

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/keystile/keystile/internal/dashboard"
	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/limit"
	"github.com/keystile/keystile/internal/manage"
)

// dashboard makes the pages on which people handle the keys of a service.
func (a *App) dashboard(service *manage.Manager, log *slog.Logger) (http.Handler, error) {
	gates := sync.OnceValue(a.servedHere)
	prefixes := map[keys.Environment]string{}
	for env, prefix := range a.Prefixes {
		prefixes[keys.Environment(env)] = prefix
	}
	return dashboard.New(dashboard.Config{
		Service: service, Authenticate: service.Authenticate, Recheck: service.Recheck, Sessions: a.sessions,
		Rules: dashboard.Rules{
			Prefixes: prefixes, RequireProject: a.RequireProject, NameOptional: a.NameOptional, Reversible: a.Revocation == reversible,
			AnyScope: len(a.Scopes) == 0, RotationGrace: time.Duration(a.RotationGrace),
		},
		Try:           func(_ *http.Request, k manage.KeyView) string { return gates().try(k) },
		ClientAddress: func(r *http.Request) string { return clientOf(r).String() },
		Secure:        isSecure, Asked: askedOf, RequestID: requestID, Now: now, Log: log,
	})
}

// servedHere are the gates of this configuration that an address alone leads
// to.
func (a *App) servedHere() (found served) {
	for _, one := range a.standings() {
		if one.address == "" {
			continue
		}
		p := one.gate.Policy
		if site, err := p.site(&a.Config); err == nil {
			found.gates = append(found.gates, servedGate{one.address, site})
		}
	}
	return found
}

// isSecure reports whether the client speaks TLS: to us, or to a proxy that we
// believe.
func isSecure(r *http.Request) bool {
	trusted, _ := caddyhttp.GetVar(r.Context(), caddyhttp.TrustedProxyVarKey).(bool)
	return r.TLS != nil || trusted && strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https")
}

// askedOf is the path that the client asked for.
func askedOf(r *http.Request) string {
	if original, ok := r.Context().Value(caddyhttp.OriginalRequestCtxKey).(http.Request); ok {
		return original.URL.EscapedPath()
	}
	return r.URL.EscapedPath()
}

// bounds is what the configuration holds a key to.
func (a *App) bounds(ctx context.Context, of manage.BoundsOf) (b manage.Bounds) {
	limits := &a.parts.limits
	plan := of.WorkspacePlan
	if !limits.Known[plan] {
		plan = limits.DefaultPlan
	}
	b.KeyQuotas, b.WorkspaceQuotas = limits.Quotas[of.Environment], limits.PlanQuotas[plan][of.Environment]
	if rate := limits.RateOf(of.Environment, of.Plan, plan); rate != nil {
		b.Rates = append(b.Rates, a.rateUse(ctx, of.Lineage, rate))
	}
	return b
}

func (a *App) rateUse(ctx context.Context, lineage keys.ID, of *limit.Limit) manage.RateUse {
	use := manage.RateUse{Name: of.Name, Rate: of.Rate.String(), Burst: of.Rate.Burst}
	if left, ok := a.engine.Left(ctx, lineage, of); ok {
		use.Remaining = &left
	}
	return use
}
