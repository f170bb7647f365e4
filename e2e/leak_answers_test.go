package e2e

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

func TestRefusalsEchoNothing(t *testing.T) {
	t.Parallel()
	g := setupOutcomes(t)
	for name, o := range outcomes {
		t.Run("LEAK-07 "+name, func(t *testing.T) {
			for _, accept := range []string{"Accept: */*", "Accept: application/problem+json"} {
				wantNoEcho(t, g, name, o, accept)
			}
		})
	}
	t.Run("LEAK-07 store_unavailable", func(t *testing.T) {
		g.breakStore()
		defer g.mendStore()
		unknown := liveSecret()
		wantNoEcho(t, g, "store_unavailable", outcome{lines: []string{bearer(unknown)}}, "Accept: */*")
	})
}

// wantNoEcho looks in an answer for whatever the client sent: its key, its
// query, its headers; and for what the store said.
func wantNoEcho(t *testing.T, g *gate, name string, o outcome, accept string) {
	t.Helper()
	const sent = "echo-7d1f0b"
	o.target = orElse(o.target, "/v1/items") + "?q=" + sent + "&" + sent
	g.mu.Lock()
	planted := len(g.secrets)
	g.mu.Unlock()
	got := o.ask(g, accept+"\r\nX-Sent: "+sent+"\r\nCookie: c="+sent)
	code, _, _ := strings.Cut(name, "-")
	if got.code() != code {
		t.Errorf("answered %v, want %s", got, code)
	}
	presented := slices.Concat(o.lines, g.secrets[planted:])
	for _, text := range append(presented, sent, "no such table", "look up") {
		text = strings.TrimPrefix(text, "Authorization: Bearer ")
		if len(text) >= 8 && strings.Contains(got.raw, text) { // "one" is a word
			t.Errorf("the answer holds %q: %q", text, got.raw)
		}
	}
	var body struct {
		Error struct{ Code, Message string }
	}
	if json.Unmarshal([]byte(got.body), &body) != nil || got.header.Get("Content-Type") == "application/json" && body.Error.Message == "" {
		t.Errorf("no documented body: %q", got.body)
	}
}
