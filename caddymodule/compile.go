package caddymodule

import (
	"cmp"
	"net/http"
	"slices"

	"github.com/keystile/keystile/internal/credential"
	"github.com/keystile/keystile/internal/gateway"
	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/limit"
	"github.com/keystile/keystile/internal/policy"
)

// newGate compiles the policy of one gate.
func (a *App) newGate(p *Policy, expand expander) (*gateway.Gate, error) {
	site, err := p.site(&a.Config)
	if err != nil {
		return nil, err
	}
	sources := p.sources()
	places.add(sources)
	return gateway.New(gateway.Config{
		Engine: a.engine, Format: a.parts.format, Site: site, Sources: sources, Limits: a.parts.limits, Now: now, Expand: expand, RequestID: requestID,
		Observe: p.Mode == observe, PassPreflight: p.Preflight == pass, PassJWT: p.JWT == pass, ForwardCredential: p.ForwardCredential == on,
	})
}

// site settles what a gate demands.
func (p *Policy) site(c *Config) (*policy.Site, error) {
	p.setDefaults()
	if err := p.validate(c); err != nil {
		return nil, err
	}
	routes := make([]*policy.Route, 0, len(p.Routes))
	for i := range p.Routes {
		r, err := p.Routes[i].compile(p.JWT)
		if err != nil {
			return nil, err
		}
		routes = append(routes, r)
	}
	table, err := policy.NewTable(routes)
	if err != nil {
		return nil, err
	}
	return &policy.Site{
		Workspace: p.Workspace, Table: table, DefaultAllow: p.Default == allow,
		Environments: environmentsOf(p.Environments), Aliases: c.aliases(),
	}, nil
}

func (p *Policy) sources() (out credential.Sources) {
	kinds := map[string]credential.Kind{bearer: credential.Bearer, header: credential.Header, query: credential.Query}
	for _, one := range p.Credentials {
		source := credential.Source{Kind: kinds[one.Source], Name: one.Name}
		if source.Kind == credential.Header {
			source.Name = http.CanonicalHeaderKey(one.Name)
		}
		out = append(out, source)
	}
	return out
}

func environmentsOf(names []string) (out []keys.Environment) {
	for _, name := range names {
		out = append(out, keys.Environment(name))
	}
	return out
}

// aliases are the old names of scopes, by the new one; an alias of an alias
// is one, too.
func (c *Config) aliases() keys.Aliases {
	out := keys.Aliases{}
	var follow func(scope string)
	for _, alias := range c.ScopeAliases {
		start := alias.New
		follow = func(scope string) {
			for _, next := range c.ScopeAliases {
				if next.New == scope && next.Old != start && !slices.Contains(out[start], next.Old) {
					out[start] = append(out[start], next.Old)
					follow(next.Old)
				}
			}
		}
		follow(start)
	}
	return out
}

// compile settles a route. jwt is what the gate says where the route doesn't.
func (r *Route) compile(jwt string) (*policy.Route, error) {
	out := &policy.Route{
		Methods: r.Methods, Pattern: r.Pattern, Scopes: r.Scopes, AnyOf: r.AnyOf, Public: r.Public,
		Project: r.Project, Cost: limit.Cost(r.Cost), Loose: r.PathsLoose, JWT: cmp.Or(r.JWT, jwt) == pass,
		Environments: environmentsOf(r.Environments),
	}
	var err error
	if out.Quotas, err = quotasOf(r.Quotas); err != nil {
		return nil, err
	}
	out.Limits, err = limitsOf("route "+out.Endpoint()+" ", r.RateLimits)
	return out, err
}
