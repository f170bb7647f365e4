package caddymodule

import (
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/keystile/keystile/internal/gateway"
	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/policy"
	"github.com/keystile/keystile/internal/problem"
	"github.com/keystile/keystile/internal/usage"
)

// allowed labels the decisions that let a request through.
const allowed = "allowed"

// outcomes numbers what can be concluded.
var outcomes = func() map[string]int {
	all := map[string]int{allowed: 0}
	for _, row := range problem.All() {
		if _, known := all[string(row.Code)]; !known {
			all[string(row.Code)] = len(all)
		}
	}
	return all
}()

// environments are the labels of a decision's key; the first one is of none.
var environments = [...]string{"", string(keys.Live), string(keys.Test)}

// decided counts what one gate decides. A request looks no label up: a counter
// is found once, where there is something to count, and then has its place.
type decided struct {
	mode   string
	routes []routeCounters // by index; the last: no route
}

type routeCounters struct {
	route string
	cells [len(environments)][]atomic.Pointer[prometheus.Counter] // by outcome
}

func newDecided(mode string, routes []*policy.Route) *decided {
	d := &decided{mode: mode, routes: make([]routeCounters, len(routes)+1)}
	for i := range d.routes {
		r := &d.routes[i]
		if r.route = usage.DefaultEndpoint.Value(); i < len(routes) {
			r.route = routes[i].Endpoint()
		}
		for e := range r.cells {
			r.cells[e] = make([]atomic.Pointer[prometheus.Counter], len(outcomes))
		}
	}
	return d
}

// route names what a call met, as usage does; empty: no route lists it.
func (d *decided) route(c *gateway.Call) string {
	if c.Match.Route == nil {
		return ""
	}
	return d.routes[c.Match.Route.Index].route
}

func (d *decided) count(c *gateway.Call, outcome string) {
	at := len(d.routes) - 1
	if c.Match.Route != nil {
		at = c.Match.Route.Index
	}
	environment := 0
	if c.Entry != nil {
		environment = environmentOf(c.Entry.Principal.Environment)
	}
	number, known := outcomes[outcome]
	if !known {
		return // no code of the table: nothing to label
	}
	r := &d.routes[at]
	cell := &r.cells[environment][number]
	found := cell.Load()
	if found == nil {
		counter := decisions.WithLabelValues(outcome, d.mode, r.route, environments[environment])
		found = &counter
		cell.Store(found)
	}
	(*found).Inc()
}

func environmentOf(e keys.Environment) int {
	for i, known := range environments {
		if string(e) == known {
			return i
		}
	}
	return 0
}

// countElsewhere counts a decision that no gate's routes were asked about.
func countElsewhere(outcome string) {
	decisions.WithLabelValues(outcome, enforce, usage.DefaultEndpoint.Value(), "").Inc()
}
