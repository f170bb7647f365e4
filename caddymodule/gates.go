package caddymodule

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/keystile/keystile/internal/manage"
)

// standings lists the gates of this configuration, which know from then on
// where they stand. The first request asks for it: gates are provisioned before
// and after us, servers may take requests before we are started, and Caddy calls
// nobody between the last Provision and the first Start.
func (a *App) standings() []standing {
	a.surveyed.Do(func() {
		loaded, err := a.ctx.AppIfConfigured("http")
		if err != nil {
			return // nobody asks these gates
		}
		a.gatesFound = surveyOf(loaded.(*caddyhttp.App))
		for _, one := range a.gatesFound {
			one.gate.gate.StandAt(one.place)
		}
	})
	return a.gatesFound
}

// hostMatcher is caddyhttp.MatchHost, or several.
type hostMatcher interface{ Match(*http.Request) bool }

// anyOf is the hosts of several matcher sets, of which one has to match.
type anyOf []hostMatcher

// Match implements hostMatcher.
func (a anyOf) Match(r *http.Request) bool {
	for _, one := range a {
		if one.Match(r) {
			return true
		}
	}
	return false
}

// hostsOf returns what matcher sets say about the host; nothing where one of
// them takes any.
func hostsOf(sets caddyhttp.MatcherSets) []hostMatcher {
	var hosts anyOf
	for _, set := range sets {
		named := false
		for _, matcher := range set {
			if host, ok := matcher.(*caddyhttp.MatchHost); ok {
				hosts, named = append(hosts, host), true
			}
		}
		if !named {
			return nil
		}
	}
	if len(hosts) == 0 {
		return nil
	}
	return []hostMatcher{hosts}
}

// serves reports whether requests for a host reach the gate.
func (s *standing) serves(host string) bool {
	r := &http.Request{Host: host}
	r = r.WithContext(context.WithValue(context.Background(), caddy.ReplacerCtxKey, caddy.NewReplacer()))
	for _, matcher := range s.hosts {
		if !matcher.Match(r) {
			return false
		}
	}
	return true
}

// gatesFor returns the gates that requests for a host may meet: those that
// name it, or else those that take any. Of these, the port tells which: the one
// that is named with the host, or else the usual ones.
func gatesFor(sites []standing, host string) []standing {
	port, named := portIn(host)
	if named {
		sites = listening(sites, func(s *standing) bool { return s.ports.include(port) })
	}
	sites = under(sites, host)
	if len(sites) > 1 && !named {
		sites = listening(sites, func(s *standing) bool { return s.ports.usual })
	}
	return sites
}

// titled returns the gates that a text names, as lists of gates have them: by
// place, by address, or by both.
func titled(sites []standing, text string) (found []standing) {
	for i := range sites {
		one := manage.GateView{Place: sites[i].place, Address: sites[i].address}
		if text == one.Place || text == one.Address || text == one.Title() {
			found = append(found, sites[i])
		}
	}
	return found
}

// mostListed is how many gates an answer lists.
const mostListed = 12

// listed tells which gates there are, for somebody of a workspace; those that
// take another one's keys alone are left out.
func listed(sites []standing, workspace string) string {
	var places []string
	for i := range sites {
		if of := sites[i].gate.Workspace; of == "" || of == workspace {
			places = append(places, sites[i].place)
		}
	}
	if more := len(places) - mostListed; more > 0 {
		places = append(places[:mostListed], fmt.Sprintf("and %d more", more))
	}
	return strings.Join(places, "; ")
}

// under is the part of gatesFor that looks at the host.
func under(sites []standing, host string) (found []standing) {
	var open []standing
	for i := range sites {
		switch {
		case len(sites[i].hosts) == 0:
			open = append(open, sites[i])
		case sites[i].serves(host):
			found = append(found, sites[i])
		}
	}
	if len(found) == 0 {
		return open
	}
	return found
}
