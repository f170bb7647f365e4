package keys_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/keystile/keystile/internal/keys"
)

func TestMintedSecretsHaveTheDocumentedShape(t *testing.T) {
	t.Parallel()
	f := setup(t)
	shape := map[keys.Environment]*regexp.Regexp{
		keys.Live: regexp.MustCompile(`^ks_live_[0-9A-Za-z]{36}$`),
		keys.Test: regexp.MustCompile(`^ks_test_[0-9A-Za-z]{36}$`),
	}
	seen := map[string]bool{}
	for env, want := range shape {
		for range 1000 {
			secret := f.Mint(env).Reveal()
			if !want.MatchString(secret) || seen[secret] {
				t.Fatalf("minted %q", secret)
			}
			seen[secret] = true
			wantEnvironment(t, f, secret, env)
		}
	}
}

func TestMintedSecretWorksThoughALongerPrefixOpensTheSame(t *testing.T) {
	t.Parallel()
	f, err := keys.NewFormat(
		map[keys.Environment]string{keys.Live: "bs_", keys.Test: "bs_t"},
		[]keys.Prefix{{Text: "bs_u", Environment: keys.Test, Unchecked: true}},
	)
	if err != nil {
		t.Fatal(err)
	}
	for range 5000 { // one in 31 would open with t or u
		wantEnvironment(t, f, f.Mint(keys.Live).Reveal(), keys.Live)
	}
}

// A fair draw has no character that stands out: over 600,000 draws each is
// within a tenth of its share, which is ten standard deviations.
func TestMintedSecretsUseTheWholeAlphabetEvenly(t *testing.T) {
	t.Parallel()
	const secrets = 20_000
	count := map[byte]int{}
	for range secrets {
		body := strings.TrimPrefix(keys.MintToken().Reveal(), keys.TokenPrefix)
		for i := range 30 {
			count[body[i]]++
		}
	}
	share := secrets * 30 / 62
	if len(count) != 62 {
		t.Errorf("%d characters are in use, want 62", len(count))
	}
	for c, n := range count {
		if n < share*9/10 || n > share*11/10 {
			t.Errorf("%q was drawn %d times, want about %d", c, n, share)
		}
	}
}

func TestIDsAreUniqueAndNotSecrets(t *testing.T) {
	t.Parallel()
	f := setup(t)
	seen := map[string]bool{}
	for range 1000 {
		for _, id := range []string{string(keys.NewID()), keys.NewTokenID()} {
			if seen[id] || !regexp.MustCompile(`^(key|tok)_[0-9A-Za-z]{22}$`).MatchString(id) {
				t.Fatalf("ID %q", id)
			}
			seen[id] = true
			wantMalformed(t, f, id)
		}
	}
}
