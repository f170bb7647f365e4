package cli

import (
	"strings"
	"testing"
)

// The shells' scripts, which Caddy's own command prints, ask __complete for
// what they offer.
func TestShellsCompleteVerbsFlagsAndTheirWords(t *testing.T) {
	t.Parallel()
	f := setup(t)
	for line, want := range map[string]string{
		"keys ":                        "activity create deactivate delete edit list reactivate revoke rotate show usage",
		"keys re":                      "reactivate revoke",
		"keys frobnicate ":             "",
		"tokens ":                      "create delete list",
		"workspaces ":                  "create edit list",
		"projects ":                    "create delete list",
		"profiles ":                    "create delete list",
		"keys list --sta":              "--status",
		"keys list --status ":          "active inactive revoked expired",
		"keys list --status=":          "active inactive revoked expired",
		"keys list --environment ":     "live test",
		"keys create x --environment ": "live test",
		"keys create x --kind ":        "personal project ci",
		"keys edit x --status ":        "active inactive",
		"keys usage x --by ":           "endpoint project outcome time day",
		"keys create x --name-of-flag": "",
		"keys create x --owner ":       "",
		"keys show ":                   "",
		"audit --k":                    "--key",
		"audit --action ":              "",
	} {
		got := f.run(t, append([]string{"__complete"}, strings.Split(line, " ")...)...)
		var offered []string
		for word := range strings.Lines(got.out) {
			word, _, _ = strings.Cut(strings.TrimSpace(word), "\t")
			offered = append(offered, word)
		}
		if got := strings.Join(offered, " "); strings.TrimSpace(got) != strings.TrimSpace(want+" :4") { // and no files
			t.Errorf("%q: offers %q, want %q", line, got, want)
		}
	}
	for _, line := range []string{"keys list --config ", "keys list --ca ", "import --hmac-key-file ", "import "} {
		got := f.run(t, append([]string{"__complete"}, strings.Split(line, " ")...)...)
		if strings.TrimSpace(got.out) != ":0" { // files
			t.Errorf("%q: offers %q", line, got.out)
		}
	}
	if len(f.opened) > 0 {
		t.Errorf("completing opened %q", f.opened)
	}
}
