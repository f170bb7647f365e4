package keys_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/keystile/keystile/internal/keys"
)

func TestPepperIsKnownByTheStartOfItsDigestOfAFixedText(t *testing.T) {
	t.Parallel()
	_, got := keys.NewHasher([]keys.Secret{keys.NewSecret("Jefe"), keys.NewSecret("another")}).New(keys.NewSecret(example))
	// printf %s 'the check of a pepper' | openssl dgst -sha256 -hmac Jefe | head -c 16
	const want = "fdbe6eacc2f2b2f3"
	if string(got) != want || !keys.IsPepperID(want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if _, err := setup(t, keys.Prefix{Environment: keys.Live, Unchecked: true}).Check("the check of a pepper"); err == nil {
		t.Error("a client can present the text, and learn its digest from a store")
	}
}

func TestPeppersAreThoseThatKeysAreLookedForUnder(t *testing.T) {
	t.Parallel()
	idOf := func(text string) keys.PepperID {
		_, id := keys.NewHasher([]keys.Secret{keys.NewSecret(text)}).New(keys.Secret{})
		return id
	}
	own := keys.NewHasher([]keys.Secret{keys.NewSecret("new"), keys.NewSecret("old")})
	foreign := keys.Scheme{Algorithm: keys.HMACSHA256, Key: keys.NewSecret("theirs")}
	got := own.With([]keys.Scheme{{Algorithm: keys.SHA512}, foreign}).Peppers()
	if want := []keys.PepperID{idOf("new"), idOf("old"), idOf("theirs")}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := keys.NewHasher(nil).Peppers(); len(got) != 0 {
		t.Errorf("without any: %q", got)
	}
	for scheme, want := range map[*keys.Scheme]keys.PepperID{
		{Algorithm: keys.HMACSHA256, Key: keys.NewSecret("old")}: idOf("old"),
		&foreign:                 "",
		{Algorithm: keys.SHA256}: "",
		{Algorithm: keys.SHA512}: "",
		{}:                       "",
	} {
		if got := own.PepperOf(*scheme); got != want {
			t.Errorf("%s: got %q, want %q", scheme.Algorithm, got, want)
		}
	}
}

func TestTextsThatAreNoPepperIDsAreTold(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "0123456789abcde", "0123456789abcdefa", "0123456789ABCDEF", "0123456789abcdeg", strings.Repeat(" ", 16)} {
		if keys.IsPepperID(text) {
			t.Errorf("%q is taken for one", text)
		}
	}
}
