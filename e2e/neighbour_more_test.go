package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/keystile/keystile/internal/keys"
)

// wantNamesWhole checks that no text in a key fails a request on its way to the
// upstream, or becomes a header of its own.
func wantNamesWhole(t *testing.T, n *neighbour) {
	t.Helper()
	many := []string{"read:projects"}
	for i := range 99 { // as many and as long ones as a key can have
		many = append(many, fmt.Sprintf("%0100d", i))
	}
	k := n.plant(1, func(_ int, k *keys.Key) { k.Owner, k.Scopes = strings.Repeat("名", 200), many })[0]
	wantAnswer(t, n.front, n.front.get("/v1/projects", k.bearer()), http.StatusOK, "")
	for what, text := range map[string]string{
		"a line break": "a\r\nKeystile-Scopes: all", "null": "a\x00b", "not ASCII": "Zoë 名前", "not UTF-8": "a\xff\xfeb", "percent": "100%0d%0a",
		"4 KB": strings.Repeat("long ", 800), "commas, quotes": `"a", b; c=d`, "what nginx takes for a variable": "$keystile_scopes ${x}",
	} {
		k := n.plant(1, func(_ int, k *keys.Key) { k.Owner, k.Scopes = text, []string{"read:projects"} })[0]
		got := n.front.get("/v1/projects", k.bearer())
		if got.status != http.StatusOK {
			t.Errorf("%s: answered %v", what, got)
			continue
		}
		a := n.upstream.one(t)
		for _, name := range identityNames {
			if values := a.values(name); len(values) > 1 || strings.ContainsFunc(a.head.Header.Get(name), notVisible) {
				t.Errorf("%s: the upstream got %s %q", what, name, values)
			}
		}
		if owner := a.head.Header.Get("Keystile-Owner"); a.head.Header.Get("Keystile-Scopes") != "read:projects" || owner == "" {
			t.Errorf("%s: the upstream got the scopes %q of %q", what, a.head.Header.Get("Keystile-Scopes"), owner)
		}
	}
}

// wantNothingStored checks that no cache on the way may keep a refusal, for
// whomever it is, nor hand it out in the place of an answer.
func wantNothingStored(t *testing.T, n *neighbour, k key) {
	t.Helper()
	n.breakStore()
	away := n.front.get("/v1/projects", bearer(mint(nil, keys.Live)))
	n.mendStore()
	for code, got := range map[string]response{
		"missing_key":        n.front.get("/v1/projects"),
		"malformed_key":      n.front.get("/v1/projects", bearer("garbage")),
		"route_not_allowed":  n.front.get("/v1/other", k.bearer()),
		"insufficient_scope": n.front.ask(http.MethodPost, "/v1/projects", k.bearer(), "Content-Length: 0"),
		"store_unavailable":  away,
	} {
		if got.code() != code || strings.Join(got.header["Cache-Control"], "; ") != "no-store" || got.header.Get("Expires") != "" {
			t.Errorf("answered %v, Cache-Control %q, want %s and no-store", got, got.header["Cache-Control"], code)
		}
	}
	n.upstream.untouched(t)
}
