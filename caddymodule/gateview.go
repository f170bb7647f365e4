package caddymodule

import (
	"cmp"
	"encoding/json"
	"fmt"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/manage"
)

// gatesInForce lists the gates of the configuration that is running.
func (a *App) gatesInForce() []manage.GateView {
	var out []manage.GateView
	for _, one := range a.standings() {
		out = append(out, one.gate.view(one.place, one.address))
	}
	return out
}

// gateViewsIn lists the gates of a configuration that isn't loaded.
func gateViewsIn(adapted []byte, app *Config) []manage.GateView {
	var out []manage.GateView
	taken := map[string]int{}
	for _, one := range stepsIn(adapted) {
		if !isGate(one.name) {
			continue
		}
		var p Policy
		_ = json.Unmarshal(one.raw, &p)
		if _, err := p.site(app); err != nil {
			continue // a start says what is wrong with it
		}
		out = append(out, p.view(numbered(taken, one.place), one.reachedAt()))
	}
	return out
}

// isGate reports whether a handler decides about keys.
func isGate(handler string) bool { return handler == appName || handler == verifyName }

// view is a gate as it is told; its defaults are settled.
func (p *Policy) view(place, address string) manage.GateView {
	v := manage.GateView{
		Place: place, Address: address, Mode: cmp.Or(p.Mode, enforce), Default: p.Default, Workspace: p.Workspace,
		Environments: orNone(p.Environments), Credentials: []string{}, Routes: []manage.RouteView{},
	}
	for _, c := range p.Credentials {
		text := c.Source
		if c.Name != "" {
			text += " " + c.Name
		}
		v.Credentials = append(v.Credentials, text)
	}
	for i := range p.Routes {
		v.Routes = append(v.Routes, p.Routes[i].view(p.JWT))
	}
	return v
}

func (r *Route) view(jwt string) manage.RouteView {
	return manage.RouteView{
		Methods: r.Methods, Path: r.Pattern, Public: r.Public, Scopes: orNone(r.Scopes), AnyOf: orNone(r.AnyOf), Project: r.Project,
		Environments: orNone(r.Environments), Limits: r.limits(), Cost: max(r.Cost, 1), PathsLoose: r.PathsLoose,
		JWT: cmp.Or(r.JWT, jwt, reject),
	}
}

// limits are rates and quotas as the Caddyfile writes them.
func (r *Route) limits() []string {
	out := []string{}
	for _, env := range keys.Environments {
		if rate, limited := r.RateLimits[string(env)]; limited {
			text := fmt.Sprintf("%s %s", env, rate.Rate)
			if rate.Burst > 0 {
				text += fmt.Sprintf(" burst %d", rate.Burst)
			}
			out = append(out, text)
		}
		for _, quota := range r.Quotas[string(env)] {
			out = append(out, fmt.Sprintf("%s %s", env, quota))
		}
	}
	return out
}

// orNone is a list that JSON shows as one.
func orNone(list []string) []string { return append([]string{}, list...) }
