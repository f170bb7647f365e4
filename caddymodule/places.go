package caddymodule

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// settlePlaces tells each gate of this configuration where it stands, once: a
// gate can't know while it is provisioned, since what stands around it isn't
// there yet, and servers may take requests before this app is started.
func (a *App) settlePlaces() {
	a.places.Do(func() {
		loaded, err := a.ctx.AppIfConfigured("http")
		if err != nil {
			return // nobody asks these gates
		}
		for h, place := range placesOf(loaded.(*caddyhttp.App)) {
			h.gate.StandAt(place)
		}
	})
}

// placesOf says where gates stand: which addresses lead there, and which hosts
// and paths. That stays the same for as long as a site does, across reloads
// and restarts, and no two gates stand at one place.
func placesOf(app *caddyhttp.App) map[*Handler]string {
	s := survey{places: map[*Handler]string{}, taken: map[string]int{}}
	servers := slices.SortedFunc(maps.Values(app.Servers), func(a, b *caddyhttp.Server) int {
		return cmp.Compare(addressesOf(a), addressesOf(b))
	})
	for _, server := range servers {
		at := addressesOf(server)
		s.routes(server.Routes, at)
		for _, name := range slices.Sorted(maps.Keys(server.NamedRoutes)) {
			s.route(server.NamedRoutes[name], at+" &"+name)
		}
		s.errors(server.Errors, at)
	}
	return s.places
}

func addressesOf(server *caddyhttp.Server) string { return strings.Join(server.Listen, ",") }

// survey walks through what handles requests.
type survey struct {
	places map[*Handler]string
	taken  map[string]int // how many gates stand there
}

func (s survey) routes(routes caddyhttp.RouteList, at string) {
	for i := range routes {
		s.route(&routes[i], at)
	}
}

func (s survey) errors(of *caddyhttp.HTTPErrorConfig, at string) {
	if of != nil {
		s.routes(of.Routes, at+" errors")
	}
}

func (s survey) route(route *caddyhttp.Route, at string) {
	for _, set := range route.MatcherSets {
		for _, matcher := range set {
			switch m := matcher.(type) {
			case *caddyhttp.MatchHost:
				at += " " + strings.Join(*m, ",")
			case *caddyhttp.MatchPath:
				at += " " + strings.Join(*m, ",")
			}
		}
	}
	for _, handler := range route.Handlers {
		switch h := handler.(type) {
		case *Handler:
			s.settle(h, at)
		case *caddyhttp.Subroute:
			s.routes(h.Routes, at)
			s.errors(h.Errors, at)
		}
	}
}

// settle tells gates at one place apart by their order.
func (s survey) settle(h *Handler, at string) {
	s.taken[at]++
	if n := s.taken[at]; n > 1 {
		at += fmt.Sprintf(" #%d", n)
	}
	s.places[h] = at
}
