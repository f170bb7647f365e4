package policy

import (
	"net/http"
	"net/url"
	"strings"
)

// ends holds the routes of one pattern, by method.
type ends struct {
	named []named
	any   *Route
}

// named is a route and one of its methods. There are few to a pattern: looking
// through them beats a map.
type named struct {
	method string
	route  *Route
}

// of is the route that names a method; nil: none does.
func (e *ends) of(method string) *Route {
	for i := range e.named {
		if e.named[i].method == method {
			return e.named[i].route
		}
	}
	return nil
}

// add enters a route, and returns another that has one of its methods already.
func (e *ends) add(r *Route) (tied *Route) {
	for _, m := range r.Methods {
		if m == anyMethod {
			if e.any != nil {
				return e.any
			}
			e.any = r
			continue
		}
		if other := e.of(m); other != nil {
			return other
		}
		e.named = append(e.named, named{m, r})
	}
	return nil
}

// route picks the named method over "*"; GET stands for HEAD, too.
func (e *ends) route(method string) *Route {
	if r := e.of(method); r != nil {
		return r
	}
	if method == http.MethodHead {
		if r := e.of(http.MethodGet); r != nil {
			return r
		}
	}
	if e.any != nil && KnownMethod(method) {
		return e.any
	}
	return nil
}

// node is one segment's place in a tree of patterns.
type node struct {
	literals map[string]*node
	wild     *node
	end      []*ends // the path ends here; several where patterns read alike
	rest     []*ends // whatever follows the slash after here
}

func (n *node) add(p pattern, e *ends) {
	at := n
	for _, one := range p.parts {
		at = at.child(one)
	}
	if p.rest {
		at.rest = append(at.rest, e)
		return
	}
	at.end = append(at.end, e)
}

func (n *node) child(one part) *node {
	if one.name != "" {
		if n.wild == nil {
			n.wild = &node{}
		}
		return n.wild
	}
	if n.literals == nil {
		n.literals = map[string]*node{}
	}
	if n.literals[one.literal] == nil {
		n.literals[one.literal] = &node{}
	}
	return n.literals[one.literal]
}

// walk is one search through a tree.
type walk struct {
	method  string
	loosely bool                  // the tree is of patterns read loosely, and so is the path
	encoded bool                  // the path holds percent-encoding
	values  *[MaxWildcards]string // where wildcards' values go; nil: nowhere
}

// find returns what a path meets that takes the method: literals before
// wildcards before /*, decided from left to right.
func (w *walk) find(root *node, path string) []*ends {
	w.encoded = strings.IndexByte(path, '%') >= 0
	return w.step(root, path[1:], true, 0)
}

// step goes on behind a node's segment, with the tail behind the slash where
// there is one.
func (w *walk) step(n *node, tail string, slash bool, depth int) []*ends {
	if slash && !(w.loosely && tail == "") {
		return w.below(n, tail, depth)
	}
	if w.taken(n.end) {
		return n.end
	}
	if slash && w.taken(n.rest) { // /a/* takes /a/, but not /a
		return n.rest
	}
	return nil
}

func (w *walk) below(n *node, path string, depth int) []*ends {
	segment, tail, slash := path, "", false
	if i := strings.IndexByte(path, '/'); i >= 0 {
		segment, tail, slash = path[:i], path[i+1:], true
	}
	if w.encoded {
		if text, err := url.PathUnescape(segment); err == nil {
			segment = text
		}
	}
	if child := w.literal(n, segment); child != nil {
		if found := w.step(child, tail, slash, depth); found != nil {
			return found
		}
	}
	if n.wild != nil && segment != "" {
		if w.values != nil {
			w.values[depth] = segment
		}
		if found := w.step(n.wild, tail, slash, depth+1); found != nil {
			return found
		}
	}
	if w.taken(n.rest) {
		return n.rest
	}
	return nil
}

func (w *walk) literal(n *node, segment string) *node {
	if !w.loosely || len(n.literals) == 0 {
		return n.literals[segment]
	}
	var buf [64]byte // longer ones cost an allocation
	return n.literals[string(appendAlike(buf[:0], segment))]
}

// taken reports whether one of several ends takes the method.
func (w *walk) taken(all []*ends) bool {
	for _, e := range all {
		if e.route(w.method) != nil {
			return true
		}
	}
	return false
}
