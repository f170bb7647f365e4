package gateway

import (
	"net/http"

	"github.com/keystile/keystile/internal/credential"
	"github.com/keystile/keystile/internal/limit"
	"github.com/keystile/keystile/internal/problem"
	"github.com/keystile/keystile/internal/verdict"
)

// Presented is a credential that another program hands over, with the request
// that it was sent with told in words. Such a call is decided as the request
// would be, also by a gate that only observes. What passes without a key
// of ours (public routes, JSON Web Tokens) is no answer to whether a key is
// good: a presented key is judged all the same.
type Presented struct {
	Secret string
	// Workspace is the only one whose keys the asking program may hear of:
	// others are unknown to it.
	Workspace string
	// Scopes are needed besides the route's.
	Scopes []string
	// Cost takes the place of the route's; 0: the route's.
	Cost limit.Cost
}

// find reads the credential of a call.
func (g *Gate) find(c *Call) credential.Found {
	if c.Presented == nil {
		return g.sources.Find(c.Request)
	}
	return credential.FromBearer(http.Header{"Authorization": {"Bearer " + c.Presented.Secret}})
}

// hides reports whether a key is none of the asking program's business.
func (p *Presented) hides(of *verdict.Principal) bool {
	return p != nil && of.Workspace != p.Workspace
}

// lacks returns which of the scopes that are needed besides the key doesn't hold.
func (g *Gate) lacks(c *Call) (missing []string) {
	if c.Presented == nil {
		return nil
	}
	for _, scope := range c.Presented.Scopes {
		if !g.site.Holds(c.Entry.Principal.Scopes, scope) {
			missing = append(missing, scope)
		}
	}
	return missing
}

// andScopes is the conclusion with the scopes in it that are needed besides:
// where the route's are judged, before addresses.
func (g *Gate) andScopes(c *Call, code problem.Code) problem.Code {
	if (code == "" || code == problem.IPNotAllowed) && len(g.lacks(c)) > 0 {
		return problem.InsufficientScope
	}
	return code
}

// cost is what the call takes from each limit.
func (c *Call) cost() limit.Cost {
	if c.Presented != nil && c.Presented.Cost > 0 {
		return c.Presented.Cost
	}
	return c.Match.Cost()
}
