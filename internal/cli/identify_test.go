package cli

import (
	"strings"
	"testing"

	"github.com/keystile/keystile/internal/keys"
)

// A leaked secret is what somebody has in hand who wants to revoke it.
func TestASecretInPlaceOfAnIDIsNeitherSentNorRepeated(t *testing.T) {
	t.Parallel()
	f := setup(t)
	key, _ := f.document(t, "keys", "create", "leaked")["secret"].(string)
	token := keys.MintToken()
	opened := len(f.opened)
	for _, verb := range []string{"show", "revoke", "edit --status inactive", "deactivate", "delete --yes", "rotate", "usage", "activity"} {
		for secret, says := range map[string]string{
			key:            "keystile: that is a key itself, not its ID: keystile keys list --search " + key[len(key)-4:] + " finds it by its last characters\n",
			token.Reveal(): "keystile: " + errTokenItself.Error() + "\n",
		} {
			got := f.run(t, append([]string{"keys"}, append(strings.Fields(verb), secret)...)...)
			if got.status != StatusFailed || got.out != "" || got.err != says {
				t.Errorf("%s: %+v, want %q", verb, got, says)
			}
		}
	}
	if len(f.opened) != opened {
		t.Errorf("opened %d sessions", len(f.opened)-opened)
	}
	if found := f.ok(t, "keys", "list", "--search", key[len(key)-4:]); !strings.Contains(found, "leaked") {
		t.Errorf("its hint finds %q", found)
	}
}

func TestANameInPlaceOfAnIDIsToldHowAnIDBegins(t *testing.T) {
	t.Parallel()
	f := setup(t)
	for line, says := range map[string]string{
		"keys revoke laptop":         "keystile: the ID of a key begins with key_: keystile keys list --search finds it by its name, or by the last characters of its secret\n",
		"keys show tok_1":            "keystile: the ID of a key begins with key_: keystile keys list --search finds it by its name, or by the last characters of its secret\n",
		"tokens delete deploy --yes": "keystile: the ID of a token begins with tok_: keystile tokens list shows it\n",
	} {
		if got := f.run(t, strings.Fields(line)...); got.status != StatusFailed || got.err != says {
			t.Errorf("%s: %+v", line, got)
		}
	}
}
