package caddymodule

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/intercept"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
)

// standing is a gate and where it stands.
type standing struct {
	gate *Handler
	// place says which addresses, hosts and paths lead there. It stays the same
	// for as long as a site does, across reloads and restarts, and no two gates
	// stand at one place.
	place string
	hosts []hostMatcher // each narrows the one before; none: any host
	ports ports
	// address is where a client reaches it; empty where that can't be told.
	address string
	// behind says that requests come here only after something else has
	// answered them: an error, or an upstream.
	behind bool
}

// surveyOf lists the gates of an HTTP app, wherever in it they stand.
func surveyOf(app *caddyhttp.App) []standing {
	s := survey{taken: map[string]int{}}
	s.app.Apps.HTTP.HTTPPort, s.app.Apps.HTTP.HTTPSPort = app.HTTPPort, app.HTTPSPort
	servers := slices.SortedFunc(maps.Values(app.Servers), func(a, b *caddyhttp.Server) int {
		return cmp.Compare(addressesOf(a), addressesOf(b))
	})
	for _, server := range servers {
		from := way{place: addressesOf(server), ports: portsOf(app, server), server: configOf(server)}
		s.routes(server.Routes, from)
		for _, name := range slices.Sorted(maps.Keys(server.NamedRoutes)) {
			s.route(server.NamedRoutes[name], way{place: from.place + " &" + name, ports: from.ports, server: from.server, hidden: true})
		}
		s.errors(server.Errors, from)
	}
	return s.found
}

func addressesOf(server *caddyhttp.Server) string { return strings.Join(server.Listen, ",") }

// survey is a walk through what handles requests.
type survey struct {
	app   httpConfig
	found []standing
	taken map[string]int // how many gates stand at a place
}

// way is what leads to a route.
type way struct {
	place  string
	hosts  []hostMatcher
	ports  ports
	behind bool

	server *serverConfig
	host   string // the first that can be asked for; empty: any
	hidden bool   // more than an address has to be right
}

// configOf is what of a server says where it is reached.
func configOf(server *caddyhttp.Server) *serverConfig {
	c := &serverConfig{Listen: server.Listen, TLS: make([]json.RawMessage, len(server.TLSConnPolicies))}
	if server.AutoHTTPS != nil {
		c.AutoHTTPS.Disable, c.AutoHTTPS.Skip = server.AutoHTTPS.Disabled, server.AutoHTTPS.Skip
	}
	return c
}

// through is the way on through a route's matchers.
func (w way) through(sets caddyhttp.MatcherSets) way {
	w.hosts = append(slices.Clip(w.hosts), hostsOf(sets)...)
	w.see(sets)
	for _, set := range sets {
		for _, matcher := range set {
			switch m := matcher.(type) {
			case *caddyhttp.MatchHost:
				w.place += " " + strings.Join(*m, ",")
			case *caddyhttp.MatchPath:
				w.place += " " + strings.Join(*m, ",")
			}
		}
	}
	return w
}

// see finds out whether an address alone still leads on.
func (w *way) see(sets caddyhttp.MatcherSets) {
	if len(sets) == 0 {
		return
	}
	if len(sets) == 1 && len(sets[0]) == 1 {
		hosts, _ := sets[0][0].(*caddyhttp.MatchHost)
		if hosts == nil {
			hosts = &caddyhttp.MatchHost{}
		}
		for _, host := range *hosts {
			if !strings.ContainsAny(host, "*{") {
				w.host = host
				return
			}
		}
	}
	w.hidden = true
}

// after is the way on behind an answer.
func (w way) after(what string) way {
	w.place += " " + what
	w.behind = true
	return w
}

func (s *survey) routes(routes caddyhttp.RouteList, from way) {
	for i := range routes {
		s.route(&routes[i], from)
	}
}

func (s *survey) errors(of *caddyhttp.HTTPErrorConfig, from way) {
	if of != nil {
		s.routes(of.Routes, from.after("errors"))
	}
}

func (s *survey) responses(of []caddyhttp.ResponseHandler, from way) {
	for i := range of {
		s.routes(of[i].Routes, from.after("responses"))
	}
}

func (s *survey) route(route *caddyhttp.Route, from way) {
	from = from.through(route.MatcherSets)
	for _, handler := range route.Handlers {
		switch h := handler.(type) {
		case *Handler:
			s.add(h, from)
		case *Verify:
			s.add(&h.Handler, from)
		case *caddyhttp.Subroute:
			s.routes(h.Routes, from)
			s.errors(h.Errors, from)
		case *reverseproxy.Handler:
			s.responses(h.HandleResponse, from)
		case *intercept.Intercept:
			s.responses(h.HandleResponse, from)
		}
	}
}

// numbered tells apart by their order what stands at one place.
func numbered(taken map[string]int, place string) string {
	taken[place]++
	if n := taken[place]; n > 1 {
		return fmt.Sprintf("%s #%d", place, n)
	}
	return place
}

// add tells gates at one place apart by their order.
func (s *survey) add(h *Handler, from way) {
	one := standing{gate: h, place: numbered(s.taken, from.place), hosts: from.hosts, ports: from.ports, behind: from.behind}
	if !from.hidden && !from.behind && from.server != nil {
		one.address = s.app.address(from.server, from.host)
	}
	s.found = append(s.found, one)
}
