package keys_test

import (
	"errors"
	"hash/crc32"
	"strings"
	"testing"

	"github.com/keystile/keystile/internal/keys"
)

// FuzzCheck holds that whatever is accepted has its prefix's shape, judged
// here by other means than Check's own.
func FuzzCheck(f *testing.F) {
	format := setup(f,
		keys.Prefix{Text: "sk-", Environment: keys.Test, Unchecked: true},
		keys.Prefix{Text: "ks_", Environment: keys.Test},
	)
	for _, seed := range []string{
		"", example, example[1:], example + "0", "ks_live_", "kst_12345678", "sk-12345678", "sk-1", "sk-12 345678",
		keys.MintToken().Reveal(), format.Mint(keys.Test).Reveal(), strings.Repeat("é", 40), strings.Repeat("s", 300),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		env, err := format.Check(text)
		if err != nil {
			if !errors.Is(err, keys.ErrMalformed) || env != "" {
				t.Fatalf("Check(%q) = %q, %v", text, env, err)
			}
			return
		}
		if !fits(text, env) {
			t.Errorf("Check(%q) = %q", text, env)
		}
	})
}

func fits(text string, env keys.Environment) bool {
	if strings.HasPrefix(text, "sk-") {
		return env == keys.Test && len(text) >= 8 && len(text) <= 256 && printable(text)
	}
	for _, p := range []struct {
		text string
		env  keys.Environment
	}{{"ks_live_", keys.Live}, {"ks_test_", keys.Test}, {"ks_", keys.Test}} {
		if body, ok := strings.CutPrefix(text, p.text); ok {
			return env == p.env && len(body) == 36 && strings.Trim(body, alphabet) == "" &&
				number(body[30:]) == uint64(crc32.ChecksumIEEE([]byte(text[:len(text)-6])))
		}
	}
	return false
}

func printable(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' })
}

const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// number reads base62.
func number(text string) (n uint64) {
	for i := range len(text) {
		n = n*62 + uint64(strings.IndexByte(alphabet, text[i]))
	}
	return n
}
