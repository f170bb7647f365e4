package keys_test

import (
	"strings"
	"testing"

	"github.com/keystile/keystile/internal/keys"
)

// strangers are characters that no neighbour of a secret may hold, beside the
// ones that it may.
const strangers = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-. \t\"\x00\x7f\xc0"

func TestDocumentedExampleIsWellFormed(t *testing.T) {
	t.Parallel()
	wantEnvironment(t, setup(t), example, keys.Live)
}

func TestCRED10CRED11EverySingleCharacterChangeIsRefused(t *testing.T) {
	t.Parallel()
	f := setup(t)
	for _, secret := range []string{example, f.Mint(keys.Live).Reveal(), f.Mint(keys.Test).Reveal()} {
		for i := range len(secret) {
			for _, c := range []byte(strangers) {
				if c != secret[i] {
					wantMalformed(t, f, secret[:i]+string([]byte{c})+secret[i+1:])
				}
			}
		}
	}
}

func TestCRED11EverySingleCharacterRemovalIsRefused(t *testing.T) {
	t.Parallel()
	f := setup(t)
	for i := range len(example) {
		wantMalformed(t, f, example[:i]+example[i+1:])
		wantMalformed(t, f, example[:i])
	}
}

func TestCRED11EverySingleCharacterInsertionIsRefused(t *testing.T) {
	t.Parallel()
	f := setup(t)
	for i := range len(example) + 1 {
		for _, c := range []byte(strangers) {
			wantMalformed(t, f, example[:i]+string([]byte{c})+example[i:])
		}
	}
}

func TestCRED12BodyUnderAnotherPrefixIsRefused(t *testing.T) {
	t.Parallel()
	f := setup(t, keys.Prefix{Text: "old_live_", Environment: keys.Live})
	for range 100 {
		live, test := f.Mint(keys.Live).Reveal(), f.Mint(keys.Test).Reveal()
		wantMalformed(t, f, "ks_test_"+strings.TrimPrefix(live, "ks_live_"))
		wantMalformed(t, f, "old_live_"+strings.TrimPrefix(live, "ks_live_"))
		wantMalformed(t, f, "ks_live_"+strings.TrimPrefix(test, "ks_test_"))
	}
}

func TestCRED16CRED19WhatIsNoSecretIsRefused(t *testing.T) {
	t.Parallel()
	f := setup(t)
	for _, text := range []string{
		"", " ", "ks_live_", "ks_live", "Bearer " + example, example + " " + example, example + "," + example,
		strings.ToUpper(example), strings.Repeat("k", 20<<10), example + strings.Repeat("0", 20<<10),
		strings.Replace(example, "A", "А", 1),                                  // Cyrillic
		strings.Replace(example, "0", "０", 1),                                  // full width
		"eyJhbGciOiJub25lIn0.e30.", "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", // of other kinds
	} {
		wantMalformed(t, f, text)
	}
	whatever := setup(t, keys.Prefix{Environment: keys.Live, Unchecked: true}) // save by its length
	wantMalformed(t, whatever, strings.Repeat("k", 20<<10))
}

func TestAcceptedPrefixStaysValidBesideTheNewOne(t *testing.T) {
	t.Parallel()
	before, err := keys.NewFormat(map[keys.Environment]string{keys.Test: "old_"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	old := before.Mint(keys.Test).Reveal()
	wantMalformed(t, setup(t), old)
	f := setup(t, keys.Prefix{Text: "old_", Environment: keys.Test})
	wantEnvironment(t, f, old, keys.Test)
	wantMalformed(t, f, old+"0")
}

func TestCRED14UncheckedPrefixTakes8To256PrintableBytes(t *testing.T) {
	t.Parallel()
	f := setup(t, keys.Prefix{Text: "sk-", Environment: keys.Live, Unchecked: true})
	for _, text := range []string{"sk-12345", "sk-" + strings.Repeat("x", 253), `sk-a"b\c,d`} {
		wantEnvironment(t, f, text, keys.Live)
		wantMalformed(t, setup(t), text)
	}
	for _, text := range []string{"sk-1234", "sk-" + strings.Repeat("x", 254), "sk-12 345", "sk-12\t345", "sk-1234é", "sk-12345\x00", "sk-12345\x7f"} {
		wantMalformed(t, f, text)
	}
}

func TestEmptyUncheckedPrefixTakesForeignKeys(t *testing.T) {
	t.Parallel()
	f := setup(t, keys.Prefix{Environment: keys.Test, Unchecked: true})
	wantEnvironment(t, f, "0123456789abcdef", keys.Test)
	wantEnvironment(t, f, example, keys.Live)
	wantMalformed(t, f, "short")
}

func TestLongestPrefixWins(t *testing.T) {
	t.Parallel()
	f := setup(t,
		keys.Prefix{Environment: keys.Test, Unchecked: true},
		keys.Prefix{Text: "sk-", Environment: keys.Test, Unchecked: true},
		keys.Prefix{Text: "sk-live-", Environment: keys.Live, Unchecked: true},
	)
	wantEnvironment(t, f, "sk-live-12345678", keys.Live)
	wantEnvironment(t, f, "sk-test-12345678", keys.Test)
	wantEnvironment(t, f, "pk-live-12345678", keys.Test)
	// The checked prefix decides, though the empty one would take the text.
	wantMalformed(t, f, example+"0")
}

func TestMGMT06ManagementTokenIsNeverAKey(t *testing.T) {
	t.Parallel()
	f := setup(t,
		keys.Prefix{Environment: keys.Live, Unchecked: true},
		keys.Prefix{Text: "kst", Environment: keys.Live, Unchecked: true},
	)
	token := keys.MintToken().Reveal()
	wantMalformed(t, f, token)
	wantMalformed(t, f, "kst_12345678")
	if !keys.CheckToken(token) {
		t.Errorf("CheckToken(%q) = false", token)
	}
	for _, text := range []string{"", "kst_", token + "0", token[:len(token)-1], example, "kst_" + example[len("ks_live_"):]} {
		if keys.CheckToken(text) {
			t.Errorf("CheckToken(%q) = true", text)
		}
	}
}

func TestFormatRefusesPrefixesThatCannotWork(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		live     string
		accepted []keys.Prefix
	}{
		"empty":             {live: ""},
		"empty and checked": {live: "a_", accepted: []keys.Prefix{{Environment: keys.Test}}},
		"given twice":       {live: "a_", accepted: []keys.Prefix{{Text: "a_", Environment: keys.Test, Unchecked: true}}},
		"of tokens":         {live: "kst_"},
		"under tokens":      {live: "kst_live_"},
		"with a space":      {live: "a b"},
		"with a quote":      {live: `a"`},
		"with a comma":      {live: "a,"},
		"beyond ASCII":      {live: "é_"},
		"too long":          {live: strings.Repeat("a", 65)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := keys.NewFormat(map[keys.Environment]string{keys.Live: tt.live}, tt.accepted); err == nil {
				t.Error("the format was accepted")
			}
		})
	}
}

func TestBearsTellsOurSecretsFromOthers(t *testing.T) {
	t.Parallel()
	f := setup(t, keys.Prefix{Text: "sk-", Environment: keys.Live, Unchecked: true}, keys.Prefix{Environment: keys.Live, Unchecked: true})
	for text, want := range map[string]bool{
		example: true, "ks_live_": true, "ks_test_x": true, "sk-x": true, "kst_x": true,
		"": false, "ks_": false, "eyJh": false, "Bearer ks_live_x": false,
	} {
		if got := f.Bears(text); got != want {
			t.Errorf("Bears(%q) = %v, want %v", text, got, want)
		}
	}
}

func TestAWholeSecretIsFoundWhereverItStandsInAText(t *testing.T) {
	t.Parallel()
	f, err := keys.NewFormat(map[keys.Environment]string{keys.Live: "ks_live_", keys.Test: "ks_test_"}, []keys.Prefix{
		{Text: "sk-old-", Environment: keys.Live, Unchecked: true}, {Text: "", Environment: keys.Test, Unchecked: true},
	})
	if err != nil {
		t.Fatal(err)
	}
	token := keys.MintToken().Reveal()
	for text, want := range map[string]bool{
		example: true, "the key " + example + " of Ann": true, "x" + example + "x": true, "ks_live_ks_live_" + example: true, token: true, "(" + token + ")": true,
		"sk-old-12345678": true, "my sk-old-1234/678, ours": true,
		"": false, "ks_live_": false, "our ks_live_ keys": false, example[:len(example)-1]: false, "ks_test_" + example[8:]: false,
		"kst_deploy": false, "sk-old-1234567": false, "sk-old- 12345678": false, "a harmless name of some length": false,
	} {
		if got := f.HasSecret(text); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

func TestNoSecretThatIsMadeHereIsHarmless(t *testing.T) {
	t.Parallel()
	f, err := keys.NewFormat(map[keys.Environment]string{keys.Live: "k", keys.Test: "t"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []keys.Secret{f.Mint(keys.Live), f.Mint(keys.Test), keys.MintToken()} {
		if keys.Harmless(secret.Reveal()) {
			t.Errorf("a secret of %d characters counts as harmless", len(secret.Reveal()))
		}
	}
	if !keys.Harmless("") || !keys.Harmless(strings.Repeat("x", 24)) || keys.Harmless(strings.Repeat("x", 25)) {
		t.Error("the bound isn't 24")
	}
}

func TestCheckAllocatesNothing(t *testing.T) {
	f := setup(t, keys.Prefix{Text: "sk-", Environment: keys.Live, Unchecked: true})
	for _, text := range []string{example, example[:len(example)-1] + "0", "sk-12345678", "", "kst_12345678", strings.Repeat("x", 1<<10)} {
		if n := testing.AllocsPerRun(100, func() { _, _ = f.Check(text) }); n != 0 {
			t.Errorf("Check(%.20q) allocates %v times", text, n)
		}
	}
}

func BenchmarkCheck(b *testing.B) {
	f := setup(b)
	b.ReportAllocs()
	for b.Loop() {
		_, _ = f.Check(example)
	}
}
