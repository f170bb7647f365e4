package keys_test

import (
	"testing"

	"github.com/keystile/keystile/internal/keys"
)

func TestHintShowsPrefixAndSevenCharacters(t *testing.T) {
	t.Parallel()
	f := setup(t,
		keys.Prefix{Text: "sk-", Environment: keys.Live, Unchecked: true},
		keys.Prefix{Environment: keys.Live, Unchecked: true},
	)
	for secret, want := range map[string]string{
		example:                  "ks_live_012…aVco",
		"sk-0123456789abcdef":    "sk-012…cdef",
		"sk-0123456789abcde":     "sk-…", // too short to show any of it
		"0123456789abcdef":       "012…cdef",
		"0123456789abcde":        "…",
		"ks_test_0123456789abcd": "ks_test_…",
	} {
		if got := f.Hint(keys.NewSecret(secret)); got != want {
			t.Errorf("Hint(%q) = %q, want %q", secret, got, want)
		}
	}
}

func TestTokenHintShowsPrefixAndSevenCharacters(t *testing.T) {
	t.Parallel()
	if got := keys.TokenHint(keys.NewSecret("kst_0123456789ABCDEFGHIJKLMNOPQRST1TaVco")); got != "kst_012…aVco" {
		t.Errorf("TokenHint = %q", got)
	}
}
