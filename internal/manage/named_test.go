package manage_test

import (
	"strings"
	"testing"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/manage"
)

func TestARefusalNamesTheUnknownScopeUnlessItCouldBeASecret(t *testing.T) {
	t.Parallel()
	f := setup(t, func(c *manage.Config) { c.Catalogue.Scopes = map[string]string{"read": "Read"} })
	secret := keys.MintToken().Reveal()
	for scope, says := range map[string]string{
		"fly": `"fly" is not`, "read:nothing": `"read:nothing" is not`, strings.Repeat("a", 24): `"aaaaaaaaaaaaaaaaaaaaaaaa" is not`,
		strings.Repeat("a", 25): "number 2 is not", secret: "number 2 is not", "näh": "number 2 is not", `a"b`: "number 2 is not",
		"a b": "number 2 is not",
	} {
		_, err := f.CreateKey(t.Context(), f.op, manage.NewKey{Name: "a key", Scopes: []string{"read", scope}})
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: got %v, want %q in it", scope, err, says)
		}
	}
}
