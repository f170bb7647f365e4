package policy

import "fmt"

// Table finds the route of a request.
type Table struct {
	exact  *node // of the patterns as they are spelled
	alike  *node // of the patterns as they are read loosely
	routes []*Route
}

// NewTable compiles routes. Two that match the same requests are an error: the
// order of lines never decides.
func NewTable(routes []*Route) (*Table, error) {
	t := &Table{exact: &node{}, alike: &node{}}
	shapes := map[string]*ends{}
	for _, r := range routes {
		if err := r.compile(len(t.routes)); err != nil {
			return nil, err
		}
		e := shapes[r.shape]
		if e == nil {
			e = &ends{}
			shapes[r.shape] = e
			t.exact.add(r.path, e)
			t.alike.add(r.reading, e)
		}
		if tied := e.add(r); tied != nil {
			return nil, fmt.Errorf("routes %q and %q match the same requests: nothing would say which one wins", tied.Endpoint(), r.Endpoint())
		}
		t.routes = append(t.routes, r)
	}
	markShady(t.routes)
	return t, nil
}

func (r *Route) compile(index int) (err error) {
	if r.path, err = parsePattern(r.Pattern); err != nil {
		return err
	}
	if len(r.Methods) == 0 {
		return fmt.Errorf("route %s names no method", r.Pattern)
	}
	for _, m := range r.Methods {
		if err := validMethod(m); err != nil {
			return err
		}
	}
	r.Index, r.Cost = index, max(r.Cost, 1)
	r.params, r.shape, r.reading = r.path.names(), r.path.shape(), r.path.alike()
	return nil
}

// Routes returns the routes in the order in which they were given.
func (t *Table) Routes() []*Route { return t.routes }

// Find fills m for a request's method and escaped path. It allocates only
// where the path holds percent-encoding or casts a shadow.
func (t *Table) Find(method, escaped string, m *Match) {
	*m = Match{}
	if len(t.routes) == 0 || escaped == "" || escaped[0] != '/' {
		return
	}
	w := walk{method: method, values: &m.values}
	if found := w.find(t.exact, escaped); found != nil {
		m.Route = found[0].route(method)
	}
	w = walk{method: method, loosely: true}
	if m.Route == nil || m.Route.shady {
		m.shade(method, w.find(t.alike, escaped), false)
	}
	if m.Route == nil || !m.Route.Loose {
		return
	}
	if plain := plainest(escaped); plain != escaped {
		m.shade(method, w.find(t.alike, plain), true)
	}
}
