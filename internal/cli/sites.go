package cli

import (
	"cmp"
	"slices"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/manage"
)

// Sites are the addresses that a configuration serves, as far as they can be
// told from it. An address ends with its host or port.
type Sites struct {
	Gates []Gate // in the order of the configuration
	Admin string // of a keystile_admin; empty: unknown
}

// Gate is a site that asks for keys.
type Gate struct {
	Address      string
	Workspace    string             // that it takes keys of; empty: any
	Environments []keys.Environment // that it takes keys of; none: any
	Tries        []Try              // what can be tried there; none: anything
}

// Try is a path that a plain GET can ask for.
type Try struct {
	Path   string
	Scopes []string // all of them needed
}

// gateOf is what to call with a key on the first gate that takes it, or what to
// put in its place.
func (s Sites) gateOf(k manage.KeyView) string {
	for _, gate := range s.Gates {
		inPlace := gate.Workspace == "" || gate.Workspace == k.Workspace
		if inPlace && (len(gate.Environments) == 0 || slices.Contains(gate.Environments, k.Environment)) {
			return gate.Address + gate.pathFor(k.Scopes)
		}
	}
	return "https://YOUR-API/"
}

// pathFor is the first path that needs no more than some scopes, else the
// root.
func (g Gate) pathFor(scopes []string) string {
	for _, try := range g.Tries {
		lacks := func(scope string) bool { return !slices.Contains(scopes, scope) }
		if slices.Contains(scopes, keys.ScopeAll) || !slices.ContainsFunc(try.Scopes, lacks) {
			return try.Path
		}
	}
	return "/"
}

func (s Sites) admin() string { return cmp.Or(s.Admin, "https://YOUR-ADMIN") }
