package gateway

import (
	"errors"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/limit"
	"github.com/keystile/keystile/internal/problem"
	"github.com/keystile/keystile/internal/quota"
	"github.com/keystile/keystile/internal/verdict"
)

// maxClaims is how many subjects' quotas a request uses up: its workspace's,
// its key's, and its key's on this route.
const maxClaims = 3

// take asks all quotas and limits for the request's cost, and spends it if all
// grant it.
func (g *Gate) take(c *Call) verdict.Refusal {
	if code := g.gather(c); code != "" {
		return unavailable(code)
	}
	if refusal := g.takeQuotas(c); refusal.Code != "" {
		return refusal
	}
	refusal := g.takeLimits(c)
	if refusal.Code != "" || c.Rehearsal != nil {
		g.engine.Quotas().GiveBack(c.claims[:c.nClaims], int64(c.cost()), c.now)
	}
	return refusal
}

func (g *Gate) takeLimits(c *Call) (refusal verdict.Refusal) {
	if c.nLimits == 0 {
		return refusal
	}
	cost := c.cost()
	if c.Rehearsal != nil {
		cost = 0 // which looks without spending
	}
	decision, err := g.engine.Take(c.Request.Context(), c.Entry, c.limits[:c.nLimits], cost, c.now)
	if err != nil {
		return unavailable(problem.LimiterUnavailable)
	}
	if c.Rehearsal != nil {
		decision = decision.Of(c.cost())
	}
	c.Verdict.Limits = decision
	if !decision.Granted {
		return verdict.Refusal{Code: problem.RateLimited, RetryAfter: decision.RetryAfter}
	}
	return refusal
}

func (g *Gate) takeQuotas(c *Call) (refusal verdict.Refusal) {
	if c.nClaims == 0 {
		return refusal
	}
	excess, granted, err := g.engine.Quotas().Take(c.Request.Context(), c.claims[:c.nClaims], int64(c.cost()), c.now)
	switch {
	case errors.Is(err, quota.ErrUnavailable) || errors.Is(err, quota.ErrEra):
		return unavailable(problem.LimiterUnavailable)
	case err != nil:
		return unavailable(problem.StoreUnavailable)
	case granted:
		return refusal
	}
	c.excess = excess
	return verdict.Refusal{Code: problem.QuotaExceeded, RetryAfter: excess.RetryAfter}
}

// gather collects what a call takes from: the limits of its plan or the
// default ones, its workspace's and its own quotas, and the route's on top. The
// code says what keeps it from telling.
func (g *Gate) gather(c *Call) problem.Code {
	k := &c.Entry.Principal
	plan, code := g.planOf(c)
	if code != "" {
		return code
	}
	c.add(g.limits.RateOf(k.Environment, k.Plan, plan))
	if quotas := g.limits.PlanQuotas[plan][k.Environment]; len(quotas) > 0 {
		c.claim(quota.Subject{Kind: quota.OfWorkspace, Workspace: k.Workspace, Environment: string(k.Environment)}, quotas)
	}
	if quotas := g.limits.Quotas[k.Environment]; len(quotas) > 0 {
		c.claim(quota.Subject{Kind: quota.OfKey, Lineage: string(k.Lineage)}, quotas)
	}
	r := c.Match.Route
	if r == nil {
		return ""
	}
	c.add(r.Limits[k.Environment])
	if quotas := r.Quotas[k.Environment]; len(quotas) > 0 {
		c.claim(quota.Subject{Kind: quota.OfRoute, Lineage: string(k.Lineage), Endpoint: g.endpoint(&c.Match).Value()}, quotas)
	}
	return ""
}

// RateOf is what a key of an environment is held to by its own plan, or else by
// its workspace's, or else by the configuration; nil: nothing.
func (l *Limits) RateOf(env keys.Environment, own, plan string) *limit.Limit {
	if own != "" && l.Known[own] {
		plan = own
	}
	if plan != "" {
		if rate := l.Plans[plan][env]; rate != nil {
			return rate
		}
	}
	return l.Default[env]
}

// planOf returns the plan of the key's workspace; empty where it has none. A
// plan that isn't configured has limits that nobody knows: the next one holds in
// its place, the workspace's for a key's and the default one for a workspace's,
// and where there is none, the call is refused. No limit is lifted by a plan's
// being renamed.
func (g *Gate) planOf(c *Call) (plan string, code problem.Code) {
	k := &c.Entry.Principal
	named, err := g.engine.PlanOf(c.Request.Context(), k.Workspace)
	if err != nil {
		return "", problem.StoreUnavailable
	}
	if plan = named; !g.limits.Known[plan] {
		plan = g.limits.DefaultPlan
	}
	if plan == "" && (named != "" || k.Plan != "" && !g.limits.Known[k.Plan]) {
		return "", problem.LimiterUnavailable
	}
	return plan, ""
}

func (c *Call) add(l *limit.Limit) {
	if l != nil && c.nLimits < len(c.limits) {
		c.limits[c.nLimits] = l
		c.nLimits++
	}
}

func (c *Call) claim(s quota.Subject, quotas []quota.Quota) {
	c.claims[c.nClaims] = quota.Claim{Subject: s, Quotas: quotas}
	c.nClaims++
}
