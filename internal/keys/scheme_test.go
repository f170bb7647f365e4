package keys_test

import (
	"encoding/hex"
	"slices"
	"strings"
	"testing"

	"github.com/keystile/keystile/internal/keys"
)

// imported are digests of the example, made by other programs:
// printf %s SECRET | sha256sum, | sha512sum, | openssl dgst -sha256 -hmac 'the old system'.
var imported = map[keys.Algorithm]string{
	keys.SHA256: "634b7a93c63aefc977a897c57fcec76bee7c8b7d5dcc1e6657a0de39d2e9f7c2",
	keys.SHA512: "4400b13f923aa7bcdebab169bc0abff95612066a23e903955b8ea4cd0168f595" +
		"64902f4cb08190f04b541a54cbd5cbb9ba9a8742e37d1506d62bc471d894fb1e",
	keys.HMACSHA256: "cab654b22b974c0ec89d6e88ce231a1a5dc872a57c72e64b611f747d2363acd5",
}

func TestKeysThatWereDigestedElsewhereAreFound(t *testing.T) {
	t.Parallel()
	schemes := []keys.Scheme{{Algorithm: keys.SHA512}, {Algorithm: keys.HMACSHA256, Key: keys.NewSecret("the old system")}}
	candidates := keys.NewHasher(nil).With(schemes).Candidates(example)
	for algorithm, text := range imported {
		digest, err := hex.DecodeString(text)
		if err != nil || len(digest) != algorithm.Size() {
			t.Fatalf("%s: %d bytes (%v)", algorithm, len(digest), err)
		}
		if !slices.Contains(candidates, algorithm.Stored(digest)) {
			t.Errorf("%s: the digest is not among the candidates", algorithm)
		}
	}
	if len(candidates) != len(imported) {
		t.Errorf("%d candidates, want %d", len(candidates), len(imported))
	}
}

func TestOwnDigestsComeBeforeThoseOfImports(t *testing.T) {
	t.Parallel()
	own := keys.NewHasher([]keys.Secret{keys.NewSecret("a pepper")})
	got := own.With([]keys.Scheme{{Algorithm: keys.SHA512}}).Candidates(example)
	if want := own.Candidates(example); !slices.Equal(got[:len(want)], want) || len(got) != len(want)+1 {
		t.Errorf("candidates = %x, want %x first", got, want)
	}
}

func TestStoreWithoutImportsCostsNothingMore(t *testing.T) {
	own := keys.NewHasher(nil)
	with, without := testing.AllocsPerRun(100, func() { own.With(nil).Candidates(example) }),
		testing.AllocsPerRun(100, func() { own.Candidates(example) })
	if with != without {
		t.Errorf("%v allocations, %v without", with, without)
	}
}

func TestSchemeOfANewerVersionIsPassedOver(t *testing.T) {
	t.Parallel()
	own := keys.NewHasher(nil)
	got := own.With([]keys.Scheme{{Algorithm: "sha3-256"}, {Algorithm: keys.SHA512}}).Candidates(example)
	if len(got) != 2 || keys.Algorithm("sha3-256").Size() != 0 {
		t.Errorf("%d candidates, want the plain one and that of sha512", len(got))
	}
}

func TestSchemesAreTheSameWhereTheirDigestsAre(t *testing.T) {
	t.Parallel()
	hmac := func(key string) keys.Scheme {
		return keys.Scheme{ID: keys.NewSchemeID(), Algorithm: keys.HMACSHA256, Key: keys.NewSecret(key)}
	}
	sha512 := keys.Scheme{ID: keys.NewSchemeID(), Algorithm: keys.SHA512}
	for _, tt := range []struct {
		a, b keys.Scheme
		want bool
	}{
		{hmac("k"), hmac("k"), true},
		{hmac("k"), hmac("k\x00"), true}, // HMAC fills short keys up with zeros
		{hmac("k"), hmac("K"), false},
		{sha512, keys.Scheme{Algorithm: keys.SHA512}, true},
		{sha512, hmac(""), false},
	} {
		if tt.a.Same(tt.b) != tt.want || tt.b.Same(tt.a) != tt.want {
			t.Errorf("%v and %v: the same is %v, want %v", tt.a.Algorithm, tt.b.Algorithm, !tt.want, tt.want)
		}
	}
}

func TestHasherMakesWhatNeedsNoScheme(t *testing.T) {
	t.Parallel()
	pepper := keys.NewSecret("a pepper")
	plain, peppered := keys.NewHasher(nil), keys.NewHasher([]keys.Secret{keys.NewSecret("another"), pepper})
	ours := keys.Scheme{Algorithm: keys.HMACSHA256, Key: pepper}
	for name, tt := range map[string]struct {
		h    keys.Hasher
		s    keys.Scheme
		want bool
	}{
		"plain digests":         {plain, keys.Scheme{Algorithm: keys.SHA256}, true},
		"longer digests":        {plain, keys.Scheme{Algorithm: keys.SHA512}, false},
		"a foreign key":         {plain, ours, false},
		"a pepper":              {peppered, ours, true},
		"longer, with a pepper": {peppered, keys.Scheme{Algorithm: keys.SHA512}, false},
	} {
		if got := tt.h.Makes(tt.s); got != tt.want {
			t.Errorf("%s: %v, want %v", name, got, tt.want)
		}
	}
}

// Whoever has a digest of another system's database must not get in with it.
func TestDigestIsNoSecret(t *testing.T) {
	t.Parallel()
	format, err := keys.NewFormat(nil, []keys.Prefix{{Environment: keys.Live, Unchecked: true}})
	if err != nil {
		t.Fatal(err)
	}
	raw, err := hex.DecodeString(imported[keys.SHA512])
	if err != nil {
		t.Fatal(err)
	}
	stored := keys.SHA512.Stored(raw)
	hasher := keys.NewHasher(nil).With([]keys.Scheme{{Algorithm: keys.SHA512}})
	for _, text := range []string{imported[keys.SHA512], strings.ToUpper(imported[keys.SHA512]), hex.EncodeToString(stored[:])} {
		if slices.Contains(hasher.Candidates(text), stored) {
			t.Errorf("%q is as good as the secret", text)
		}
	}
	// Its bytes themselves would be found; they are no text that a gate takes.
	if _, err := format.Check(string(raw)); err == nil {
		t.Error("the bytes of a digest are well-formed")
	}
}
