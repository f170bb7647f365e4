package caddymodule

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// step is a handler of a configuration, on the way that requests take through
// it. It is surveyOf for a configuration that isn't loaded.
type step struct {
	name string          // of the handler: reverse_proxy
	raw  json.RawMessage // its configuration
	// site tells the routes of a server's top apart: what is in one of them
	// stands on one site.
	site    string
	place   string // as standing has it, but for what comes second at one place
	address string // where it is reached; empty: it can't be told
	hosts   []string
	// within are all hosts on the way, each narrowing those before.
	within [][]string
	// conditions are the matchers on the way, but for the site's hosts, each as
	// JSON.
	conditions []string
	behind     bool // something else answers before: an error, or an upstream
}

// stepsIn lists the handlers of a configuration, servers in the order of their
// age and handlers in the order in which requests pass them.
func stepsIn(adapted []byte) []step {
	var config httpConfig
	if json.Unmarshal(adapted, &config) != nil {
		return nil
	}
	servers := config.Apps.HTTP.Servers
	byAge := func(a, b string) int { return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b)) }
	w := stepWalk{config: &config}
	for _, name := range slices.SortedFunc(maps.Keys(servers), byAge) {
		server := servers[name]
		for i := range server.Routes {
			w.site(name, i, &server)
		}
		from := step{site: name + " errors", place: strings.Join(server.Listen, ",") + " errors", behind: true}
		w.routes(server.Errors.Routes, from)
	}
	return w.found
}

type stepWalk struct {
	config *httpConfig
	found  []step
}

// site walks through one of a server's top routes.
func (w *stepWalk) site(server string, index int, of *serverConfig) {
	route := &of.Routes[index]
	from := step{site: fmt.Sprintf("%s/%d", server, index), place: strings.Join(of.Listen, ",")}
	host, plain := route.host()
	from.address = w.config.address(of, host)
	if plain {
		if hosts, all := route.hosts(); all {
			from = from.of(hosts).at(hosts)
		}
		w.handlers(route.Handle, from)
		return
	}
	w.route(route, from)
}

func (w *stepWalk) routes(all []routeConfig, from step) {
	for i := range all {
		w.route(&all[i], from)
	}
}

func (w *stepWalk) route(r *routeConfig, from step) { w.handlers(r.Handle, from.through(r)) }

// group is what handlers that hold others have.
type group struct {
	Handler        string        `json:"handler"`
	Routes         []routeConfig `json:"routes"`
	Errors         routesConfig  `json:"errors"`
	HandleResponse []struct {
		Routes []routeConfig `json:"routes"`
	} `json:"handle_response"`
}

func (w *stepWalk) handlers(all []json.RawMessage, from step) {
	for _, text := range all {
		var is group
		_ = json.Unmarshal(text, &is) // what is wrong with handlers, Caddy or the gate says
		one := from
		one.name, one.raw = is.Handler, text
		w.found = append(w.found, one)
		if is.Handler == "subroute" {
			w.routes(is.Routes, from)
			w.routes(is.Errors.Routes, from.after("errors"))
		}
		for _, response := range is.HandleResponse {
			w.routes(response.Routes, from.after("responses"))
		}
	}
}

func (s step) at(matched []string) step {
	if len(matched) > 0 {
		s.place += " " + strings.Join(matched, ",")
	}
	return s
}

// of is the way on for some hosts.
func (s step) of(hosts []string) step {
	s.hosts, s.within = hosts, append(slices.Clip(s.within), hosts)
	return s
}

// after is the way on behind an answer.
func (s step) after(what string) step {
	s.place += " " + what
	s.behind = true
	return s
}

// through is the way on through a route's matchers.
func (s step) through(r *routeConfig) step {
	if len(r.Match) == 0 {
		return s
	}
	for _, set := range r.Match {
		for _, kind := range []string{"host", "path"} {
			var values []string
			if json.Unmarshal(set[kind], &values) == nil {
				s = s.at(values)
			}
		}
	}
	if hosts, all := r.hosts(); all {
		s = s.of(hosts)
	}
	text, _ := json.Marshal(r.Match) // it was read from JSON
	s.conditions = append(slices.Clip(s.conditions), string(text))
	return s
}

// hosts are those that a route is for; all says that each of its matchers
// names some.
func (r *routeConfig) hosts() (hosts []string, all bool) {
	for _, set := range r.Match {
		var named []string
		if json.Unmarshal(set["host"], &named) != nil || len(named) == 0 {
			return nil, false
		}
		hosts = append(hosts, named...)
	}
	return hosts, len(hosts) > 0
}
