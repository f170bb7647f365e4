package keys_test

import (
	"strings"
	"testing"

	"github.com/keystile/keystile/internal/keys"
)

func spotted(f *keys.Format, text string) (found []string) {
	for _, s := range f.Spots([]byte(text)) {
		found = append(found, text[s.Start:s.End])
	}
	return found
}

func TestSecretsAreSpottedWhereverTheyStand(t *testing.T) {
	t.Parallel()
	f := setup(t,
		keys.Prefix{Text: "sk-", Environment: keys.Live, Unchecked: true},
		keys.Prefix{Environment: keys.Live, Unchecked: true},
	)
	token := keys.MintToken().Reveal()
	typo := strings.Replace(example, "012", "021", 1)
	for text, want := range map[string]string{
		example:                          example,
		"key=" + example + ";":           example,
		"x" + example + "y":              example,
		example + example:                example + " " + example,
		`{"a":"` + token + `"}`:          token,
		typo:                             "",
		example[:len(example)-1]:         "",
		"ks_live_ks_live_" + example:     example,
		"sk-0123456789.":                 "sk-0123456789",
		"sk-0123456":                     "",
		"task-0123456789":                "",
		"a-sk-0123456789":                "",
		"(sk-0123456789abcdef)":          "sk-0123456789abcdef",
		"sk-" + strings.Repeat("a", 300): "",
		"sk-" + example:                  example,
		"sk-0123456789 " + example + " sk-0123456789": "sk-0123456789 " + example + " sk-0123456789",
		"what opens with nothing is a word":           "",
		"":                                            "",
	} {
		if got := strings.Join(spotted(f, text), " "); got != want {
			t.Errorf("in %q: %q, want %q", text, got, want)
		}
	}
}

func TestNoWholeSecretIsLeftInAMaskedText(t *testing.T) {
	t.Parallel()
	f := setup(t)
	if got, want := f.Masked("a/"+example+".txt"), "a/ks_live_012…aVco.txt"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := f.Masked("nothing"); got != "nothing" {
		t.Errorf("got %q", got)
	}
}

func TestAFormatTakesMorePrefixes(t *testing.T) {
	t.Parallel()
	f, err := setup(t, keys.Prefix{Text: "old_", Environment: keys.Test}).And([]string{"new_", "new_", "old_", "ks_live_", keys.TokenPrefix})
	if err != nil {
		t.Fatal(err)
	}
	other, err := keys.NewFormat(map[keys.Environment]string{keys.Live: "new_", keys.Test: "old_"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, env := range keys.Environments {
		wantEnvironment(t, f, other.Mint(env).Reveal(), env)
	}
	wantEnvironment(t, f, example, keys.Live)
	if _, err := f.And([]string{"a b"}); err == nil {
		t.Error("a prefix with a space is taken")
	}
}

func FuzzSpotsAreSecretsAndNothingOfThemIsLeft(f *testing.F) {
	f.Add("key=" + example + ";")
	f.Add("sk-0123456789 " + example + example)
	f.Add("kst_kst_")
	f.Fuzz(func(t *testing.T, text string) {
		format := setup(t, keys.Prefix{Text: "sk-", Environment: keys.Live, Unchecked: true})
		end := 0
		for _, s := range format.Spots([]byte(text)) {
			if s.Start < end || s.End <= s.Start || s.End > len(text) {
				t.Fatalf("in %q: %+v behind %d", text, s, end)
			}
			end = s.End
			secret := text[s.Start:s.End]
			if _, err := format.Check(secret); err != nil && !keys.CheckToken(secret) {
				t.Errorf("in %q: %q is no secret", text, secret)
			}
		}
		for _, known := range []string{example} {
			if strings.Contains(text, known) && strings.Contains(format.Masked(text), known) {
				t.Errorf("%q is left in %q", known, format.Masked(text))
			}
		}
	})
}
