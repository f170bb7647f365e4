package cli

import (
	"strings"
	"testing"

	"github.com/keystile/keystile/internal/manage"
)

func TestANameMayBeLeftOutWhereTheConfigurationSaysSo(t *testing.T) {
	t.Parallel()
	optional := func(c *manage.Config) { c.NameOptional = true }
	for way, api := range map[string]bool{"store": false, "API": true} {
		f, strict := setupWith(t, manage.Catalogue{}, optional), setup(t)
		if doc := f.document(t, f.by(t, api, "keys", "create")...); !strings.HasPrefix(doc["name"].(string), "Key ") {
			t.Errorf("%s: it is named %v", way, doc["name"])
		}
		const says = "keystile: NAME is missing; see keystile keys create --help\n"
		if got := strict.run(t, strict.by(t, api, "keys", "create")...); got.status != StatusBadUsage || got.err != says {
			t.Errorf("%s, where a name is needed: %+v", way, got)
		}
	}
}

// by adds to a command line what leads it over the API.
func (f *fixture) by(t *testing.T, api bool, args ...string) []string {
	t.Helper()
	if !api {
		return args
	}
	address, token := f.serve(t)
	return append(args, "--api", address, "--token", token)
}

// What a refusal advises must not be refused in its turn.
func TestARefusedRotationSaysWhatHelps(t *testing.T) {
	t.Parallel()
	f := setup(t)
	old := f.create(t, "a key")
	successor, _ := f.document(t, "keys", "rotate", old, "--grace", "1h")["id"].(string)
	for id, says := range map[string]string{
		old:       "keystile: The key was replaced already. Once it has ended, the one that replaced it can be rotated.\n",
		successor: "keystile: The key that this one replaced works still. Revoke that one, or wait until it ends at 2026-11-22T13:30:15Z.\n",
	} {
		if got := f.run(t, "keys", "rotate", id); got.status != StatusFailed || got.err != says {
			t.Errorf("%+v, want %q", got, says)
		}
	}
	f.ok(t, "keys", "revoke", old)
	f.ok(t, "keys", "rotate", successor)
}
