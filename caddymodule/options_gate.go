package caddymodule

import (
	"slices"
	"strconv"
	"strings"
)

// gateOptions is all that may stand in the directive keystile.
var gateOptions = options[*Policy]{
	{
		name: "credential", usage: "bearer|header|query [NAME]", repeats: true,
		help: "Where the key is read from: the header Authorization, another one, or a parameter of the query.",
		read: readCredential,
	},
	{
		name: "workspace", usage: "NAME",
		help: "Only keys of this workspace are taken: of any unless stated.",
		read: setText("workspace", func(p *Policy) *string { return &p.Workspace }),
	},
	{
		name: "environment", usage: "ENV [ENV…]",
		help: "Only keys of these environments are taken: of all unless stated.",
		read: setTexts("environments", func(p *Policy) *[]string { return &p.Environments }),
	},
	{
		name: "route", usage: "METHODS PATTERN [SCOPE… | public] { … }", repeats: true,
		help: "What may be called, and with which scopes: all of them are needed.",
		read: readRoute,
	},
	{
		name: "default", usage: "deny|allow",
		help: "What happens to requests that no route lists: allow takes any valid key; deny as soon as one route stands.",
		read: setText("default", func(p *Policy) *string { return &p.Default }),
	},
	{
		name: "mode", usage: "enforce|observe",
		help: "observe decides and reports, in Keystile-Would-Deny, logs and metrics, but lets everything through.",
		read: setText("mode", func(p *Policy) *string { return &p.Mode }),
	},
	{
		name: "jwt", usage: "reject|pass",
		help: "What happens to a JSON Web Token in the key's place: pass lets it through untouched.",
		read: setText("jwt", func(p *Policy) *string { return &p.JWT }),
	},
	{
		name: "preflight", usage: "refuse|pass",
		help: "What happens to CORS preflights, which carry no key: pass lets them reach the upstream.",
		read: setText("preflight", func(p *Policy) *string { return &p.Preflight }),
	},
	{
		name: "errors", usage: "json|problem|caddy",
		help: "What refusals look like: problem is RFC 9457, caddy hands over to handle_errors.",
		read: setText("errors", func(p *Policy) *string { return &p.Errors }),
	},
	{
		name: "forward_credential", usage: "off|on",
		help: "Whether the upstream gets the key, too.",
		read: setText("forward_credential", func(p *Policy) *string { return &p.ForwardCredential }),
	},
}

// routeOptions is all that may stand in a route.
var routeOptions = options[*Route]{
	{
		name: "any_of", usage: "SCOPE [SCOPE…]",
		help: "One of these scopes is needed, beside those of the route's line.",
		read: setTexts("any_of", func(r *Route) *[]string { return &r.AnyOf }),
	},
	{
		name: "project", usage: "PROJECT",
		help: "The project that the request is about: a {wildcard} of the pattern, a placeholder or a name.",
		read: setText("project", func(r *Route) *string { return &r.Project }),
	},
	{
		name: "rate_limit", usage: "ENV N/UNIT [burst B]", repeats: true,
		help: "What one key may ask of this route, on top of its other limits.",
		read: addRate("rate_limits", func(r *Route) *map[string]RateLimit { return &r.RateLimits }),
	},
	{
		name: "quota", usage: "[ENV] N/PERIOD", repeats: true,
		help: "What one key may use up of this route per hour, day or month of UTC; without ENV, a live one.",
		read: addQuota(func(r *Route) *map[string][]string { return &r.Quotas }),
	},
	{
		name: "cost", usage: "N",
		help: "What a request spends in each limit: 1 unless stated.",
		read: setCount("cost", func(r *Route) *int64 { return &r.Cost }),
	},
	{
		name: "environment", usage: "ENV [ENV…]",
		help: "Only keys of these environments are taken here, of those that the gate takes.",
		read: setTexts("environments", func(r *Route) *[]string { return &r.Environments }),
	},
	{
		name: "paths", usage: "loose",
		help: "Lets through spellings of paths that are refused otherwise, such as encoded slashes.",
		read: setFlag("loose", func(r *Route) *bool { return &r.PathsLoose }),
	},
	{
		name: "jwt", usage: "pass|reject",
		help: "What happens to a JSON Web Token in the key's place: pass lets it through untouched.",
		read: setText("jwt", func(r *Route) *string { return &r.JWT }),
	},
}

// adminOptions is all that may stand in the directive keystile_admin.
var adminOptions = options[*Admin]{}

func readCredential(b block[*Policy], args []string) error {
	one := Credential{Source: args[0]}
	if len(args) > 1 {
		one.Name = args[1]
	}
	if len(args) > 2 {
		return errUsage
	}
	b.mark("credentials", strconv.Itoa(len(b.to.Credentials)))
	b.to.Credentials = append(b.to.Credentials, one)
	return nil
}

func readRoute(b block[*Policy], args []string) error {
	i := len(b.to.Routes)
	r := Route{Methods: strings.Split(args[0], ","), Pattern: args[1], Scopes: args[2:]}
	if slices.Contains(r.Scopes, public) {
		if len(r.Scopes) > 1 {
			return b.Errf("%s stands alone: such a route needs no key, so no scopes", public)
		}
		r.Scopes, r.Public = nil, true
	}
	if err := routeOptions.readBlock(within(b, &r, "routes", strconv.Itoa(i))); err != nil {
		return err
	}
	b.to.Routes = append(b.to.Routes, r)
	return nil
}
