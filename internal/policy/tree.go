package policy

import (
	"net/http"
	"net/url"
	"strings"
)

// node is one segment's place in the tree of patterns.
type node struct {
	literals map[string]*node
	wild     *node
	end      ends // the path ends here
	rest     ends // whatever follows the slash after here
}

func (n *node) add(p pattern, r *Route) {
	at := n
	for _, one := range p.parts {
		at = at.child(one)
	}
	if p.rest {
		at.rest.add(r)
		return
	}
	at.end.add(r)
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

// ends holds the routes of one pattern, by method.
type ends struct {
	named map[string]*Route
	any   *Route
}

func (e *ends) add(r *Route) {
	for _, m := range r.Methods {
		if m == anyMethod {
			e.any = r
			continue
		}
		if e.named == nil {
			e.named = map[string]*Route{}
		}
		e.named[m] = r
	}
}

// route picks the named method over "*"; GET stands for HEAD, too.
func (e *ends) route(method string) *Route {
	if r := e.named[method]; r != nil {
		return r
	}
	if method == http.MethodHead {
		if r := e.named[http.MethodGet]; r != nil {
			return r
		}
	}
	if e.any != nil && KnownMethod(method) {
		return e.any
	}
	return nil
}

// walk is one search through the tree.
type walk struct {
	method   string
	values   *[MaxWildcards]string
	variants bool // read names loosely
}

// find returns the most specific route below n for the rest of a path, which
// begins behind a slash: literals before wildcards before /*, decided from
// left to right.
func (w *walk) find(n *node, rest string, depth int) *Route {
	segment, tail, more := strings.Cut(rest, "/")
	if strings.IndexByte(segment, '%') >= 0 {
		if text, err := url.PathUnescape(segment); err == nil {
			segment = text
		}
	}
	if r := w.literal(n, segment, tail, more, depth); r != nil {
		return r
	}
	if n.wild != nil && segment != "" && depth < MaxWildcards {
		w.values[depth] = segment
		if r := w.step(n.wild, tail, more, depth+1); r != nil {
			return r
		}
	}
	return n.rest.route(w.method)
}

func (w *walk) literal(n *node, segment, tail string, more bool, depth int) *Route {
	if !w.variants {
		if child := n.literals[segment]; child != nil {
			return w.step(child, tail, more, depth)
		}
		return nil
	}
	var found *Route
	for name, child := range n.literals {
		if !sameName(segment, name) {
			continue
		}
		// Of several names that read alike, the first line wins: which one an
		// upstream would take can't be known, but the answer must not vary.
		if r := w.step(child, tail, more, depth); r != nil && (found == nil || r.Index < found.Index) {
			found = r
		}
	}
	return found
}

func (w *walk) step(n *node, tail string, more bool, depth int) *Route {
	if !more {
		return n.end.route(w.method)
	}
	if w.variants && isNothing(tail) {
		if r := n.end.route(w.method); r != nil {
			return r
		}
	}
	return w.find(n, tail, depth)
}

// sameName reports whether an upstream that reads names loosely could take
// one for the other: other case, parameters, trailing dots or spaces.
func sameName(a, b string) bool { return strings.EqualFold(trimName(a), trimName(b)) }

// isNothing reports whether an upstream that reads names loosely could take
// the rest of a path for no more than a trailing slash.
func isNothing(rest string) bool {
	for segment := range strings.SplitSeq(rest, "/") {
		if text, err := url.PathUnescape(segment); err != nil || trimName(text) != "" {
			return false
		}
	}
	return true
}

func trimName(name string) string {
	name, _, _ = strings.Cut(name, ";")
	return strings.TrimRight(name, ". ")
}
