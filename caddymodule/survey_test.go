package caddymodule

import (
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/intercept"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
	"github.com/google/go-cmp/cmp"
)

// behind is a route to handlers, as a site block makes it.
func behind(matcher any, handlers ...caddyhttp.MiddlewareHandler) caddyhttp.Route {
	route := caddyhttp.Route{Handlers: handlers}
	if matcher != nil {
		route.MatcherSets = caddyhttp.MatcherSets{{matcher}}
	}
	return route
}

func subroute(routes ...caddyhttp.Route) *caddyhttp.Subroute {
	return &caddyhttp.Subroute{Routes: routes}
}

func TestGatesAreToldApartByWhereTheyStand(t *testing.T) {
	t.Parallel()
	var a, b, nested, second, failed, named, elsewhere, answered, intercepted, mistaken Handler
	var asked Verify // a gate, too
	named443 := behind(nil, &named)
	handled := []caddyhttp.ResponseHandler{{Routes: caddyhttp.RouteList{behind(nil, &answered)}}}
	taken := []caddyhttp.ResponseHandler{{Routes: caddyhttp.RouteList{behind(nil, &intercepted)}}}
	withErrors := subroute(behind(nil, &second))
	withErrors.Errors = &caddyhttp.HTTPErrorConfig{Routes: caddyhttp.RouteList{behind(nil, &failed)}}
	app := &caddyhttp.App{Servers: map[string]*caddyhttp.Server{
		"srv0": {Listen: []string{":443"}, NamedRoutes: map[string]*caddyhttp.Route{"api": &named443}, Routes: caddyhttp.RouteList{
			behind(&caddyhttp.MatchHost{"a.example.com", "www.example.com"}, subroute(behind(nil, &a))),
			behind(&caddyhttp.MatchHost{"b.example.com"}, subroute(
				behind(nil, &b), behind(&caddyhttp.MatchPath{"/v1/*"}, subroute(behind(nil, &nested))), behind(nil, withErrors),
			)),
			behind(&caddyhttp.MatchHost{"verify.internal"}, subroute(behind(nil, &asked))),
		}},
		"srv1": {
			Listen: []string{":80"},
			Routes: caddyhttp.RouteList{behind(nil, &elsewhere, &reverseproxy.Handler{HandleResponse: handled}, &intercept.Intercept{HandleResponse: taken})},
			Errors: &caddyhttp.HTTPErrorConfig{Routes: caddyhttp.RouteList{behind(nil, subroute(behind(nil, &mistaken)))}},
		},
	}}
	want := map[*Handler]string{
		&a: ":443 a.example.com,www.example.com", &b: ":443 b.example.com", &nested: ":443 b.example.com /v1/*",
		&second: ":443 b.example.com #2", &failed: ":443 b.example.com errors", &named: ":443 &api", &elsewhere: ":80",
		&answered: ":80 responses", &intercepted: ":80 responses #2", &mistaken: ":80 errors",
		&asked.Handler: ":443 verify.internal",
	}
	for range 10 { // servers are in no order
		got := map[*Handler]string{}
		for _, one := range surveyOf(app) {
			got[one.gate] = one.place
			if first := !strings.Contains(one.place, "errors") && !strings.Contains(one.place, "responses"); first == one.behind {
				t.Errorf("%s: behind an answer: %v", one.place, one.behind)
			}
		}
		if len(got) != len(want) {
			t.Fatalf("%d gates stand somewhere, want %d", len(got), len(want))
		}
		for h, place := range want {
			if diff := cmp.Diff(place, got[h]); diff != "" {
				t.Error(diff)
			}
		}
	}
}
