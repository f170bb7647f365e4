package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

// masked is what an operator configures who takes keys elsewhere than in
// Authorization: every log masks secrets. Here it says all that there is to say.
const masked = "log {\n level DEBUG\n format keystile\n}"

const canarySources = "credential bearer\ncredential header X-Api-Key\ncredential query api_key\n"

const canaryRoutes = "route * /v1/items\nroute * /v1/items/*\nroute * /v1/loose/* {\n paths loose\n}\n" +
	"route * /v1/public public\nroute * /v1/either {\n jwt pass\n}\n"

// canarySites are a site beside the gate's that refuses nothing, with an access
// log of its own, and one whose refusals are told by the upstream.
const canarySites = `http://:%s {
	bind 127.0.0.1
	tracing
	log {
		output file $DIR/access.log
		format keystile console
	}
	keystile {
		mode observe
		%s
	}
	reverse_proxy $UPSTREAM
}

http://:%s {
	bind 127.0.0.1
	tracing
	log {
		format keystile
	}
	keystile {
		errors caddy
		%s
	}
	reverse_proxy $UPSTREAM
	handle_errors {
		reverse_proxy $UPSTREAM
	}
}`

// canary is one secret, with where it is sent. Each is sent once, so that
// whatever shows one tells where it came from.
type canary struct {
	door, kind, place string
	secret            string
	alone             bool // a copy without a credential beside it
	build             func(string) presented
}

func (c canary) String() string {
	text := c.kind + " secret in " + c.place
	if c.alone {
		text += ", alone"
	}
	return text + ", " + c.door
}

func (c canary) copied() bool { return canaryPlaces.copies[c.place] != nil }

// request is what is sent. A copy goes with the secret as the credential, too.
func (c canary) request() presented {
	p := c.build(c.secret)
	if c.copied() && !c.alone {
		p.lines = append([]string{bearer(c.secret)}, p.lines...)
	}
	p.target = strings.Replace(orElse(p.target, "/v1/items"), "/v1/items", canaryDoors[c.door].path, 1)
	return p
}

// drawCanaries draws a secret of each kind for each place and door.
func drawCanaries() (all []canary) {
	for _, door := range slices.Sorted(maps.Keys(canaryDoors)) {
		for _, kind := range canaryDoors[door].kinds {
			draw := canaryKinds[kind].draw
			for place, build := range canaryPlaces.credentials {
				all = append(all, canary{door: door, kind: kind, place: place, secret: draw(), build: build})
			}
			for place, build := range canaryPlaces.copies {
				all = append(all, canary{door: door, kind: kind, place: place, secret: draw(), build: build},
					canary{door: door, kind: kind, place: place, secret: draw(), build: build, alone: true})
			}
		}
	}
	return all
}

// plantCanaries stores the keys of those that somebody has.
func (g *gate) plantCanaries(all []canary) {
	g.t.Helper()
	g.update(func(ctx context.Context, tx storage.Tx) error {
		for i, c := range all {
			status := canaryKinds[c.kind].status
			if status == "" {
				continue
			}
			k := &keys.Key{Environment: keys.Live, Status: status}
			complete(k, c.secret, i)
			if err := tx.InsertKey(ctx, k); err != nil {
				return fmt.Errorf("%v: %w", c, err)
			}
		}
		return nil
	})
}

func TestRULE07LEAK02LEAK03PresentedSecretsShowNowhere(t *testing.T) {
	t.Parallel()
	observing, handing := freeAddr(t), freeAddr(t)
	portOf := func(addr string) string { _, port, _ := net.SplitHostPort(addr); return port }
	spans := newCollector(t)
	g := setup(t, options{
		app: "accept_prefix live old-sys_ unchecked\naccept_prefix live older- unchecked\nrate_limit live 100000/s", global: masked, policy: canarySources + canaryRoutes,
		before: "tracing", env: spans.env(),
		sites: fmt.Sprintf(canarySites, portOf(observing), canarySources+canaryRoutes, portOf(handing), canarySources+canaryRoutes),
	})
	all := drawCanaries()
	g.plantCanaries(all)
	admitted, refusals := map[string]int{}, map[string]string{}
	for _, c := range all {
		addr := map[string]string{observed: observing, handedOn: handing}[c.door]
		got, err := exchange(orElse(addr, g.addr), c.request().raw(g))
		if err != nil {
			t.Fatalf("%v: %v", c, err)
		}
		if id := got.requestID(); id != "" {
			refusals[got.code()+" "+c.kind] = id
		}
		if shows(got.raw, c.secret) {
			t.Errorf("%v: the answer shows it: %q", c, got.raw)
		}
		for _, a := range g.upstream.seen() {
			admitted[c.door+" "+c.kind]++
			if shows(a.raw, c.secret) && !c.mayReachUpstream() {
				t.Errorf("%v: the upstream sees it: %q", c, a.raw)
			}
		}
		if c.door == enforcing && canaryKinds[c.kind].status != keys.Active && got.status == http.StatusOK {
			t.Errorf("%v: answered %v", c, got)
		}
	}
	for what, least := range canaryAdmitted {
		if admitted[what] < least {
			t.Errorf("%s: %d requests were let through, want %d: nothing was shown", what, admitted[what], least)
		}
	}
	g.searchEverywhere(all, spans, g.explained(refusals))
}

// searchEverywhere looks for secrets in all that a gate shows and writes.
func (g *gate) searchEverywhere(all []canary, spans *collector, places map[string]string) {
	g.t.Helper()
	maps.Copy(places, g.shownPages())
	g.stopIntoSpool()
	maps.Copy(places, everything(g.t, g.dir))
	maps.Copy(places, g.inServers())
	places["traces"] = string(spans.exported())
	logged := strings.Count(places["log"], "handled request") + strings.Count(places["access.log"], "handled request")
	if logged < len(all)*9/10 { // the server refuses some before anybody logs
		g.t.Errorf("%d entries in the access logs for %d requests", logged, len(all))
	}
	if traced := spans.count(); traced < len(all)*9/10 {
		g.t.Errorf("%d spans for %d requests", traced, len(all))
	}
	for line := range strings.Lines(places["log"]) {
		if !json.Valid([]byte(line)) {
			g.t.Errorf("an entry of the log isn't JSON: %s", line)
		}
	}
	byEnd := map[string]canary{}
	for _, c := range all {
		byEnd[end(c.secret)] = c
	}
	for place, text := range places {
		for at := range shown(text, byEnd) {
			if c := byEnd[at]; !c.mayBeLogged(place) {
				g.t.Errorf("%v: it stands in %s", c, place)
			}
		}
	}
}
