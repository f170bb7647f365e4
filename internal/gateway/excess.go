package gateway

import (
	"github.com/keystile/keystile/internal/engine"
	"github.com/keystile/keystile/internal/problem"
)

// tellExcess tells whoever wants to know of a call that a limit or a quota
// refuses, or would.
func (g *Gate) tellExcess(c *Call) {
	code := c.Verdict.Code
	if code != problem.RateLimited && code != problem.QuotaExceeded || !g.engine.TellsExcess() {
		return
	}
	x := engine.Excess{
		At: c.now, Client: c.Client, Code: code, Project: c.project, RetryAfter: c.Verdict.RetryAfter,
		Observed: g.observe && c.Presented == nil,
	}
	if c.Match.Route != nil {
		x.Route = g.endpoint(&c.Match).Value()
	}
	if c.Entry != nil {
		x.Principal = &c.Entry.Principal
	}
	x.LimitName, x.Limit = g.exceeded(c)
	g.engine.Exceeded(&x)
}

// guessLimit is what the limit on secrets that nobody knows is called.
const guessLimit = "unknown_keys"

// exceeded names what refused a call, and how much it grants.
func (g *Gate) exceeded(c *Call) (name string, limit int64) {
	switch closest := c.Verdict.Limits.Headline(); {
	case c.excess.Quota.Max > 0:
		return c.excess.Quota.Name(), c.excess.Quota.Max
	case closest != nil:
		return closest.Limit.Name, closest.Limit.Rate.Burst
	}
	if guesses := g.engine.Guesses(); guesses != nil {
		return guessLimit, guesses.Burst()
	}
	return guessLimit, 0
}
