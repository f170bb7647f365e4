// Package policy is what a gate demands: a table of routes with the scopes,
// projects and limits that each asks for, compiled once from its configuration
// and walked for each request.
package policy

import (
	"slices"
	"strings"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/limit"
	"github.com/keystile/keystile/internal/quota"
)

// Route is what one line of the table demands.
type Route struct {
	Methods []string // as written; "*" alone for any
	Pattern string
	Scopes  []string // all of them needed
	AnyOf   []string // one of them needed; empty: none
	Public  bool     // no credential needed
	// Project names the project that the path speaks of: a wildcard of the
	// pattern in braces, or a placeholder; empty: none.
	Project string
	// Environments are those that the route takes, of the site's; empty: all.
	Environments []keys.Environment
	// Limits come on top of the key's own, by environment.
	Limits map[keys.Environment]*limit.Limit
	// Quotas come on top of the key's own, by environment; each is per key.
	Quotas map[keys.Environment][]quota.Quota
	// Cost is what a request spends in each limit, at least 1.
	Cost limit.Cost
	// Loose lets through spellings that are refused otherwise.
	Loose bool
	// JWT lets JSON Web Tokens through untouched.
	JWT bool
	// Index is the route's place in its table, from 0.
	Index int

	params  []string // names of the wildcards, left to right
	path    pattern  // of Pattern
	shape   string   // of Pattern
	reading pattern  // of Pattern, as it is read loosely
	shady   bool     // other routes read like this one, or more specific than it
}

// Endpoint is the route as its configuration names it: METHODS and pattern.
func (r *Route) Endpoint() string { return strings.Join(r.Methods, ",") + " " + r.Pattern }

// Takes reports whether keys of an environment may call the route.
func (r *Route) Takes(env keys.Environment) bool {
	return len(r.Environments) == 0 || slices.Contains(r.Environments, env)
}

// Params returns the names of the pattern's wildcards, left to right.
func (r *Route) Params() []string { return r.params }

// SameProject reports whether two routes that one path meets read their project
// from the same place.
func (r *Route) SameProject(other *Route) bool {
	return r.projectAt() == other.projectAt() && (r.projectAt() >= 0 || r.Project == other.Project)
}

// projectAt is the place of the segment that names the project; -1 where it is
// not a wildcard that does.
func (r *Route) projectAt() int {
	return slices.IndexFunc(r.path.parts, func(one part) bool { return one.name != "" && "{"+one.name+"}" == r.Project })
}

// Site is what a whole gate demands.
type Site struct {
	Workspace    string             // empty: any
	Environments []keys.Environment // empty: any
	Table        *Table
	// DefaultAllow lets any valid key call what the table doesn't list.
	DefaultAllow bool
	Aliases      keys.Aliases
}

// Holds reports whether a key with these scopes holds one, by whichever name.
func (s *Site) Holds(scopes []string, scope string) bool { return s.Aliases.Holds(scopes, scope) }

// Allows reports whether keys of an environment are taken.
func (s *Site) Allows(env keys.Environment) bool {
	return len(s.Environments) == 0 || slices.Contains(s.Environments, env)
}
