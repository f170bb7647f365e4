package gateway

import (
	"fmt"
	"strings"

	"github.com/keystile/keystile/internal/problem"
	"github.com/keystile/keystile/internal/verdict"
)

// Step is one demand of a decision.
type Step struct {
	Name string
	Code problem.Code // why it fails; empty: it passes
	// Detail is for people, and may be empty. It never holds a secret.
	Detail string
}

// Names of the steps that aren't verdict's rules.
const (
	stepTarget     = "target"
	stepRoute      = "route"
	stepCredential = "credential"
	stepKey        = "key"
	stepQuotas     = "quotas"
	stepLimits     = "limits"
)

// Explain decides as Decide does, and returns each step down to the one that
// settles it; of a gate that only observes, those of what it would do. The call is a Rehearsal: nothing is spent or counted, and who
// guessed keys has not guessed more often by it. What a quota would spend is
// taken and given back at once.
func (g *Gate) Explain(c *Call) []Step {
	if c.Rehearsal == nil {
		c.Rehearsal = &Rehearsal{}
	}
	if secret := c.Rehearsal.Secret; secret != "" {
		g.sources.Put(c.Request, secret)
	}
	c.now = g.now()
	c.Verdict.Conclude(g.judge(c))
	return g.steps(c)
}

// steps tells a conclusion as the story that led there.
func (g *Gate) steps(c *Call) []Step {
	code := c.Verdict.Code
	if code == problem.AmbiguousPath {
		return []Step{{Name: stepTarget, Code: code}}
	}
	steps := []Step{{Name: stepTarget, Detail: "one reading"}, {Name: stepRoute, Detail: g.met(c)}}
	if c.Entry == nil {
		return append(steps, unrecognised(c)...)
	}
	steps = append(steps, Step{Name: stepCredential, Detail: "one"}, Step{Name: stepKey, Detail: string(c.Entry.Principal.ID)})
	steps, refused := c.ruled(steps)
	if refused {
		return steps
	}
	return g.bounded(c, steps)
}

// met says which route a request meets.
func (g *Gate) met(c *Call) string {
	text := "none lists it"
	if c.Match.Route != nil {
		text = c.Match.Route.Endpoint()
	}
	for _, shadow := range c.Match.Shadows {
		text += ", and " + shadow.Endpoint() + ", for which other programs may take this spelling"
	}
	return text
}

// unrecognised are the steps of a call that no key of ours was found for.
func unrecognised(c *Call) []Step {
	switch code := c.Verdict.Code; code {
	case "":
		return []Step{{Name: stepCredential, Detail: "none of ours is needed here"}}
	case problem.UnknownKey, problem.StoreUnavailable, problem.RateLimited:
		return []Step{{Name: stepCredential, Detail: "one"}, {Name: stepKey, Code: code}}
	default:
		return []Step{{Name: stepCredential, Code: code}}
	}
}

// ruled adds what each rule says of the key.
func (c *Call) ruled(steps []Step) (out []Step, refused bool) {
	for _, s := range verdict.Steps(&c.Entry.Principal, c.Rehearsal.facts) {
		if s.Rule == verdict.Project && c.Rehearsal.unread {
			return append(steps, Step{Name: s.Rule.String(), Code: problem.StoreUnavailable}), true
		}
		steps = append(steps, Step{Name: s.Rule.String(), Code: s.Code, Detail: c.held(s.Rule)})
		refused = s.Code != ""
	}
	return steps, refused
}

// held is what a rule looked at.
func (c *Call) held(rule verdict.Rule) string {
	p, f := &c.Entry.Principal, c.Rehearsal.facts
	switch rule {
	case verdict.Status:
		return string(p.StatusAt(f.Now))
	case verdict.Environment, verdict.RouteEnvironment:
		return string(p.Environment)
	case verdict.Workspace:
		return p.Workspace
	case verdict.Project:
		return fmt.Sprintf("the key's %q, the request's %q", p.Project, f.Project)
	case verdict.Scopes:
		return c.heldScopes()
	case verdict.Address:
		if !f.Client.IsValid() {
			return "none is stated"
		}
		return f.Client.String()
	default:
		return ""
	}
}

func (c *Call) heldScopes() string {
	required, missing, anyOf := verdict.Missing(c.Entry.Principal.Scopes, c.Rehearsal.facts.Site, &c.Match)
	switch {
	case len(missing)+len(anyOf) > 0:
		return "lacks " + strings.Join(append(missing, anyOf...), ", ")
	case len(required) == 0:
		return "all that is needed"
	}
	return "has " + strings.Join(required, ", ")
}

// bounded adds what quotas and limits say.
func (g *Gate) bounded(c *Call, steps []Step) []Step {
	code := c.Verdict.Code
	switch {
	case code == problem.QuotaExceeded:
		return append(steps, Step{Name: stepQuotas, Code: code, Detail: fmt.Sprintf("%d per %s", c.excess.Quota.Max, c.excess.Quota.Period)})
	case code != "" && code != problem.RateLimited: // what keeps both from being asked
		return append(steps, Step{Name: stepLimits, Code: code})
	}
	steps = append(steps, Step{Name: stepQuotas, Detail: fmt.Sprintf("%d asked", c.nClaims)})
	left := make([]string, 0, c.nLimits)
	for _, s := range c.Verdict.Limits.States[:c.Verdict.Limits.Count] {
		left = append(left, fmt.Sprintf("%s: %d of %d left", s.Limit.Name, s.Remaining, s.Limit.Rate.Burst))
	}
	if len(left) == 0 {
		left = []string{"none"}
	}
	return append(steps, Step{Name: stepLimits, Code: code, Detail: fmt.Sprintf("cost %d; %s", c.cost(), strings.Join(left, ", "))})
}
