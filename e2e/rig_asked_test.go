package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// asking is a program that asks a keystile_verify about other requests.
type asking struct {
	*gate
	verify string // its address
	from   string // the address that it asks from; empty: any
}

// setupAsked starts a gate with a keystile_verify beside it that has the same
// policy, and more lines.
func setupAsked(t *testing.T, o options, lines string) *asking {
	t.Helper()
	a := &asking{verify: freeAddr(t)}
	o.sites += fmt.Sprintf("\nhttp://:%s {\n bind 127.0.0.1\n log {\n format keystile\n }\n keystile_verify {\n%s\n%s\n }\n reverse_proxy $UPSTREAM\n}\n",
		portOf(a.verify), o.policy, lines)
	a.gate = setup(t, o)
	return a
}

// about asks about a request by the headers of Caddy and Traefik.
func (a *asking) about(method, target string, lines ...string) response {
	a.t.Helper()
	return a.with(append([]string{"X-Forwarded-Method: " + method, "X-Forwarded-Uri: " + target, "X-Forwarded-For: 192.0.2.7"}, lines...)...)
}

// with asks with these header lines, and no others.
func (a *asking) with(lines ...string) response {
	a.t.Helper()
	return a.exactly(http.MethodGet, "/verify", lines...)
}

// exactly asks with this method and target.
func (a *asking) exactly(method, target string, lines ...string) response {
	a.t.Helper()
	c, err := dialFrom(a.from, a.verify)
	if err != nil {
		a.t.Fatal(err)
	}
	defer c.Close()
	got, err := c.exchange(a.request(method, target, append(lines, "Connection: close")...))
	if err != nil {
		a.t.Fatal(err)
	}
	a.upstream.untouched(a.t) // nothing that is asked goes any further
	return got
}

// wantRefused checks the refusal of a request that was asked about.
func wantRefused(t *testing.T, name string, got response, status int, code string) {
	t.Helper()
	if got.status != status || got.code() != code {
		t.Errorf("%s: answered %v, want %d %s", name, got, status, code)
	}
	wantRefusalForm(t, got)
}

// wantIdentity checks that an answer lets a request through, and has every
// identity header once: those that aren't in want are empty.
func wantIdentity(t *testing.T, name string, got response, want map[string]string) {
	t.Helper()
	if got.status != http.StatusOK || got.body != "" || got.header.Get("Cache-Control") != "no-store" {
		t.Errorf("%s: answered %v, Cache-Control %q", name, got, got.header.Get("Cache-Control"))
	}
	for _, header := range identityNames {
		values := got.header[http.CanonicalHeaderKey(header)]
		if len(values) != 1 || values[0] != want[strings.TrimPrefix(header, "Keystile-")] {
			t.Errorf("%s: %s is %q, want %q", name, header, values, want[strings.TrimPrefix(header, "Keystile-")])
		}
	}
}
