package gateway

import (
	"github.com/keystile/keystile/internal/problem"
	"github.com/keystile/keystile/internal/verdict"
)

// settled says at which step each code refuses the request of a known key, and
// what else it may have been; the steps before it pass.
var settled = map[problem.Code]Step{
	problem.AmbiguousPath:         {Name: stepTarget},
	problem.MissingKey:            {Name: stepCredential},
	problem.MalformedKey:          {Name: stepCredential},
	problem.MultipleCredentials:   {Name: stepCredential},
	problem.JWTNotSupported:       {Name: stepCredential},
	problem.UnknownKey:            {Name: stepKey},
	problem.RevokedKey:            {Name: verdict.Status.String()},
	problem.ExpiredKey:            {Name: verdict.Status.String()},
	problem.InactiveKey:           {Name: verdict.Status.String()},
	problem.EnvironmentNotAllowed: {Name: verdict.Environment.String(), Detail: "the gate's or the route's"},
	problem.WorkspaceMismatch:     {Name: verdict.Workspace.String(), Detail: "the gate's, or that of the request's project"},
	problem.RouteNotAllowed:       {Name: verdict.Listed.String()},
	problem.ProjectMismatch:       {Name: verdict.Project.String()},
	problem.StoreUnavailable:      {Name: verdict.Project.String(), Detail: "whose it is, the plan, or what was used of a quota couldn't be read"},
	problem.InsufficientScope:     {Name: verdict.Scopes.String()},
	problem.IPNotAllowed:          {Name: verdict.Address.String()},
	problem.QuotaExceeded:         {Name: stepQuotas},
	problem.RateLimited:           {Name: stepLimits},
	problem.LimiterUnavailable:    {Name: stepLimits},
}

// StepsTo are the steps that led to a refusal, as far as its code tells. known
// says that a key was.
func StepsTo(code problem.Code, known bool) []Step {
	last, ours := settled[code]
	if !ours || !known && (code == problem.RateLimited || code == problem.StoreUnavailable) {
		last = Step{Name: stepKey}
	}
	last.Code = code
	var steps []Step
	for _, name := range stepNames() {
		if name == last.Name {
			break
		}
		steps = append(steps, Step{Name: name})
	}
	return append(steps, last)
}

// stepNames are all steps in their order.
func stepNames() []string {
	names := []string{stepTarget, stepRoute, stepCredential, stepKey}
	for rule := verdict.Status; rule <= verdict.Address; rule++ {
		names = append(names, rule.String())
	}
	return append(names, stepQuotas, stepLimits)
}
