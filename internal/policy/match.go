package policy

import (
	"slices"

	"github.com/keystile/keystile/internal/limit"
)

// Match is what a table knows about one request.
type Match struct {
	// Route is the most specific route that lists the path and the method;
	// nil where none does.
	Route *Route
	// Shadows are the other routes that a spelling variant of the path meets
	// (other case, slash at the end, dots, spaces or ;parameters, and whatever
	// else a loose route lets through): an upstream that reads paths loosely
	// would serve them, so their demands hold as well. A plain spelling of a
	// path that is listed has none.
	Shadows []*Route

	values [MaxWildcards]string
}

// shade enters the routes that a path meets when it is read loosely. An odd
// spelling, which Route has opted into, is Route's own but where another route
// spells out what it would hide.
func (m *Match) shade(method string, found []*ends, odd bool) {
	for _, e := range found {
		r := e.route(method)
		if r == nil || r == m.Route || odd && !r.path.beats(m.Route.path) || slices.Contains(m.Shadows, r) {
			continue
		}
		m.Shadows = append(m.Shadows, r)
	}
}

// every reports whether the request meets a route, and all that it meets are ok.
func (m *Match) every(ok func(*Route) bool) bool {
	if m.Route == nil || !ok(m.Route) {
		return false
	}
	for _, r := range m.Shadows {
		if !ok(r) {
			return false
		}
	}
	return true
}

// Public reports whether the request needs no credential.
func (m *Match) Public() bool { return m.every(func(r *Route) bool { return r.Public }) }

// Loose reports whether the request's path may have odd spellings.
func (m *Match) Loose() bool { return m.every(func(r *Route) bool { return r.Loose }) }

// PassesJWT reports whether a JSON Web Token goes through untouched.
func (m *Match) PassesJWT() bool { return m.every(func(r *Route) bool { return r.JWT }) }

// Cost is what the request spends in each limit: the dearest of what it meets,
// and 1 where it meets nothing.
func (m *Match) Cost() limit.Cost {
	cost := limit.Cost(1)
	if m.Route != nil {
		cost = m.Route.Cost
	}
	for _, r := range m.Shadows {
		cost = max(cost, r.Cost)
	}
	return cost
}

// Value returns what the named wildcard of the route stands for, decoded.
func (m *Match) Value(name string) (string, bool) {
	if m.Route == nil {
		return "", false
	}
	if i := slices.Index(m.Route.params, name); i >= 0 {
		return m.values[i], true
	}
	return "", false
}
