package e2e

import (
	"net/http"
	"testing"
)

// attempt is one request and the answer that it must get.
type attempt struct {
	name   string
	method string // empty: GET
	target string
	lines  []string // of the header
	status int
	code   string // of the gate; empty: the answer is not the gate's
}

func (a attempt) ask(g *gate) response {
	method := a.method
	if method == "" {
		method = http.MethodGet
	}
	return g.ask(method, a.target, a.lines...)
}

// try runs attempts one after the other. Those that are refused must not reach
// the upstream, the others must, once.
func tryAll(t *testing.T, g *gate, attempts []attempt) {
	t.Helper()
	for _, a := range attempts {
		t.Run(a.name, func(t *testing.T) {
			wantAnswer(t, g, a.ask(g), a.status, a.code)
		})
	}
}

// wantAnswer checks an answer, and what the upstream has seen of its request.
func wantAnswer(t testing.TB, g *gate, got response, status int, code string) {
	t.Helper()
	if got.status != status || got.code() != code {
		t.Errorf("answered %v, want %d %s", got, status, code)
	}
	if status == http.StatusOK {
		g.upstream.one(t)
		return
	}
	g.upstream.untouched(t)
	if code != "" {
		wantRefusalForm(t, got)
	}
}

// wantRefusalForm checks what all refusals of the gate share.
func wantRefusalForm(t testing.TB, got response) {
	t.Helper()
	if cache := got.header.Get("Cache-Control"); cache != "no-store" {
		t.Errorf("Cache-Control %q, want no-store", cache)
	}
	challenge := got.header.Get("WWW-Authenticate")
	if got.status == http.StatusUnauthorized && !isBearerChallenge(challenge) {
		t.Errorf("WWW-Authenticate %q of a 401", challenge)
	}
}

func isBearerChallenge(text string) bool {
	const scheme = "Bearer"
	return len(text) >= len(scheme) && text[:len(scheme)] == scheme
}

// refused lists attempts that differ in their target only.
func refused(id string, status int, code string, lines []string, targets ...string) []attempt {
	attempts := make([]attempt, len(targets))
	for i, target := range targets {
		attempts[i] = attempt{name: id + " " + target, target: target, lines: lines, status: status, code: code}
	}
	return attempts
}

// asksStore reports how many look-ups of keys a function causes.
func (g *gate) asksStore(fn func()) int {
	g.t.Helper()
	before := g.counter(storeReads)
	fn()
	return int(g.counter(storeReads) - before)
}
