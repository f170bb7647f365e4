package manage

import (
	"slices"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/problem"
	"github.com/keystile/keystile/internal/verdict"
)

// ceiling is what one key may not give another: each row reports whether the
// key that acts has at least as much of one right as the key that is asked
// for, as that would be afterwards.
var ceiling = []struct {
	field  string // of the key that is asked for
	within func(acting, asked *keys.Key, aliases keys.Aliases) bool
}{
	{"workspace", func(acting, asked *keys.Key, _ keys.Aliases) bool { return acting.Workspace == asked.Workspace }},
	{"project", func(acting, asked *keys.Key, _ keys.Aliases) bool { return inProject(acting, asked.Project) }},
	{"environment", func(acting, asked *keys.Key, _ keys.Aliases) bool { return acting.Environment == asked.Environment }},
	{"scopes", scopesWithin},
	{"expires_at", endsWithin},
	{"allowed_ips", addressesWithin},
	// A plan has no order: another one is not less.
	{"plan", func(acting, asked *keys.Key, _ keys.Aliases) bool { return acting.Plan == asked.Plan }},
}

// exceeds names the first field in which a key that is asked for would hold
// more than the key that acts; empty: in none.
func exceeds(acting, asked *keys.Key, aliases keys.Aliases) string {
	for _, right := range ceiling {
		if !right.within(acting, asked, aliases) {
			return right.field
		}
	}
	return ""
}

// inProject reports whether a key may see at all what is of a project, or of
// none.
func inProject(acting *keys.Key, project string) bool {
	return acting.Project == "" || acting.Project == project
}

// scopesWithin needs no look at what the asked scopes are old names of: who
// carries a scope holds everything that it is an old name of.
func scopesWithin(acting, asked *keys.Key, aliases keys.Aliases) bool {
	return !slices.ContainsFunc(asked.Scopes, func(scope string) bool { return !aliases.Holds(acting.Scopes, scope) })
}

func endsWithin(acting, asked *keys.Key, _ keys.Aliases) bool {
	return acting.ExpiresAt.IsZero() || !asked.ExpiresAt.IsZero() && !asked.ExpiresAt.After(acting.ExpiresAt)
}

// addressesWithin takes a list that can't be read for one that goes too far.
func addressesWithin(acting, asked *keys.Key, _ keys.Aliases) bool {
	outer, unread := verdict.ParseNets(acting.AllowedIPs)
	inner, err := verdict.ParseNets(asked.AllowedIPs)
	return unread == nil && err == nil && verdict.Covers(outer, inner)
}

// tooMuch refuses what goes beyond the key that asks, without a word of what
// any key holds.
func tooMuch(field string) error {
	return refuse(problem.InsufficientScope, field, field+" would go beyond what the key that asks for it holds.")
}

// tooStrong refuses to touch a key that holds more than the one that asks.
func tooStrong() error {
	return refuse(problem.InsufficientScope, "", "This key holds more than the one that asks, which may only revoke or delete it.")
}
