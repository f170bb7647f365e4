package e2e

import (
	"net/http"
	"strings"
	"testing"

	"github.com/keystile/keystile/internal/keys"
)

func TestNoTextInAKeyBreaksTheIdentityHeaders(t *testing.T) {
	t.Parallel()
	g := setup(t, options{})
	texts := map[string]string{
		"line break":      "a\r\nKeystile-Scopes: all",
		"null":            "a\x00b",
		"not ASCII":       "Zoë 名前",
		"not UTF-8":       "a\xff\xfeb",
		"4 KB":            strings.Repeat("long ", 800),
		"spaces":          "  a b  ",
		"percent":         "100%0d%0a",
		"quotes, commas":  `"a", b; c=d`,
		"only line break": "\r\n",
	}
	for name, text := range texts {
		planted := g.plant(1, func(_ int, k *keys.Key) {
			k.Name, k.Owner, k.Profile, k.Scopes = text, text, text, []string{"read"}
		})
		t.Run("HDR-11 "+name, func(t *testing.T) {
			if got := g.get("/", planted[0].bearer()); got.status != http.StatusOK {
				t.Fatalf("answered %v", got)
			}
			a := g.upstream.one(t)
			for _, name := range identityNames {
				if values := a.values(name); len(values) != 1 || strings.ContainsFunc(values[0], notVisible) {
					t.Errorf("the upstream got %s %q", name, values)
				}
			}
			if scopes := a.values("Keystile-Scopes"); scopes[0] != "read" {
				t.Errorf("the upstream got the scopes %q", scopes)
			}
		})
	}
}

func notVisible(c rune) bool { return c < ' ' || c > '~' }
