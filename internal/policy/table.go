package policy

import (
	"fmt"
	"slices"
)

// Table finds the route of a request.
type Table struct {
	root   *node
	routes []*Route
}

// NewTable compiles routes. Two that match the same requests are an error: the
// order of lines never decides.
func NewTable(routes []*Route) (*Table, error) {
	t := &Table{root: &node{}}
	owners := map[string]*Route{}
	for i, r := range routes {
		p, err := parsePattern(r.Pattern)
		if err != nil {
			return nil, err
		}
		r.Index, r.params, r.Cost = i, p.names(), max(r.Cost, 1)
		if len(r.Methods) == 0 {
			return nil, fmt.Errorf("route %s names no method", r.Pattern)
		}
		for _, m := range r.Methods {
			if err := validMethod(m); err != nil {
				return nil, err
			}
			id := m + " " + p.shape()
			if other, taken := owners[id]; taken {
				return nil, fmt.Errorf("routes %q and %q match the same requests: nothing would say which one wins", other.Endpoint(), r.Endpoint())
			}
			owners[id] = r
		}
		t.root.add(p, r)
		t.routes = append(t.routes, r)
	}
	t.markShady()
	return t, nil
}

// Routes returns the routes in the order in which they were given.
func (t *Table) Routes() []*Route { return t.routes }

// Match is what a table knows about one request.
type Match struct {
	// Route is the most specific route that lists the path and the method;
	// nil where none does.
	Route *Route
	// Shadow is a more specific route that a spelling variant of the path
	// meets (other case, trailing slash, dots, spaces or ;parameters): an
	// upstream that reads names loosely would serve it, so its demands hold
	// as well. nil where there is none.
	Shadow *Route

	values [MaxWildcards]string
}

// Find fills m for a request's method and escaped path. It allocates only
// where the path holds percent-encoding.
func (t *Table) Find(method, escaped string, m *Match) {
	*m = Match{}
	if len(t.routes) == 0 {
		return
	}
	w := walk{method: method, values: &m.values}
	m.Route = w.find(t.root, escaped[1:], 0)
	if m.Route == nil || m.Route.shady {
		var ignored [MaxWildcards]string
		w = walk{method: method, values: &ignored, variants: true}
		if shadow := w.find(t.root, escaped[1:], 0); shadow != m.Route {
			m.Shadow = shadow
		}
	}
}

// Public reports whether the request needs no credential.
func (m *Match) Public() bool {
	return m.Route != nil && m.Route.Public && (m.Shadow == nil || m.Shadow.Public)
}

// Loose reports whether the request's path may have odd spellings.
func (m *Match) Loose() bool {
	return m.Route != nil && m.Route.Loose && (m.Shadow == nil || m.Shadow.Loose)
}

// PassesJWT reports whether a JSON Web Token goes through untouched.
func (m *Match) PassesJWT() bool {
	return m.Route != nil && m.Route.JWT && (m.Shadow == nil || m.Shadow.JWT)
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

// markShady finds the routes whose wildcards could take what another route
// spells out: only for those a request's variants must be looked up.
func (t *Table) markShady() {
	for _, r := range t.routes {
		p, _ := parsePattern(r.Pattern) // parsed before
		for _, other := range t.routes {
			q, _ := parsePattern(other.Pattern)
			if other != r && (len(p.names()) > 0 || p.rest || p.endsInSlash()) && p.overlaps(q) {
				r.shady = true
			}
		}
	}
}

func (p pattern) endsInSlash() bool {
	return len(p.parts) > 0 && p.parts[len(p.parts)-1] == part{}
}

// overlaps reports whether some path, read loosely, could meet both patterns.
// It errs to the side of yes.
func (p pattern) overlaps(q pattern) bool {
	a, b := p.trimmed(), q.trimmed()
	for i := range min(len(a), len(b)) {
		if a[i].name == "" && b[i].name == "" && !sameName(a[i].literal, b[i].literal) {
			return false
		}
	}
	switch {
	case len(a) == len(b):
		return true
	case len(a) < len(b):
		return p.rest
	default:
		return q.rest
	}
}

func (p pattern) trimmed() []part {
	if p.endsInSlash() {
		return p.parts[:len(p.parts)-1]
	}
	return p.parts
}
