package verdict

import (
	"github.com/keystile/keystile/internal/policy"
	"github.com/keystile/keystile/internal/problem"
)

// Rule is one demand on a key, in the order in which they are made.
type Rule int

// The rules.
const (
	Status Rule = iota
	Environment
	Workspace
	Listed           // the route
	RouteEnvironment // the route's own
	Project
	Scopes
	Address

	rulesEnd
)

var ruleNames = [rulesEnd]string{"status", "environment", "workspace", "listed", "route's environment", "project", "scopes", "address"}

// String names what the rule is about.
func (r Rule) String() string { return ruleNames[r] }

// judge is a switch and no table of functions: what these are handed would be
// allocated for each request.
func (r Rule) judge(p *Principal, f *Facts) problem.Code {
	switch r {
	case Status:
		return status(p, f.Now)
	case Environment:
		return unless(f.Site.Allows(p.Environment), problem.EnvironmentNotAllowed)
	case Workspace:
		return unless(f.Site.Workspace == "" || f.Site.Workspace == p.Workspace, problem.WorkspaceMismatch)
	case Listed:
		return unless(f.Match.Route != nil || f.Site.DefaultAllow && policy.KnownMethod(f.Method), problem.RouteNotAllowed)
	case RouteEnvironment:
		return unless(all(f.Match, func(r *policy.Route) bool { return r.Takes(p.Environment) }), problem.EnvironmentNotAllowed)
	case Project:
		return project(p, f)
	case Scopes:
		return unless(all(f.Match, func(r *policy.Route) bool { return fulfils(p.Scopes, f.Site, r) }), problem.InsufficientScope)
	case Address:
		return unless(Within(p.Nets, f.Client), problem.IPNotAllowed)
	}
	return problem.InternalError // no rule passes for being unknown
}

func unless(ok bool, code problem.Code) problem.Code {
	if ok {
		return ""
	}
	return code
}

// firstOf is what the first rule says that fails, of those from one on and
// before another.
func firstOf(from, end Rule, p *Principal, f *Facts) problem.Code {
	for r := from; r < end; r++ {
		if code := r.judge(p, f); code != "" {
			return code
		}
	}
	return ""
}

// Step is one rule, and what it says of a key.
type Step struct {
	Rule Rule
	Code problem.Code // empty: the key passes
}

// Steps are the rules that Judge goes through, down to the first that fails.
func Steps(p *Principal, f *Facts) (steps []Step) {
	for r := range rulesEnd {
		code := r.judge(p, f)
		if steps = append(steps, Step{r, code}); code != "" {
			break
		}
	}
	return steps
}
