package keys_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"testing"

	"github.com/keystile/keystile/internal/keys"
)

func TestDigestWithoutPepperIsPlainSHA256(t *testing.T) {
	t.Parallel()
	got, pepper := keys.NewHasher(nil).New(keys.NewSecret(example))
	// printf %s SECRET | sha256sum
	const want = "634b7a93c63aefc977a897c57fcec76bee7c8b7d5dcc1e6657a0de39d2e9f7c2"
	if hex.EncodeToString(got[:]) != want || pepper != "" {
		t.Errorf("digest = %x (pepper %q), want %s", got, pepper, want)
	}
}

func TestDigestWithPepperIsHMACSHA256(t *testing.T) {
	t.Parallel()
	// RFC 4231, test case 2.
	h := keys.NewHasher([]keys.Secret{keys.NewSecret("Jefe")})
	got, _ := h.New(keys.NewSecret("what do ya want for nothing?"))
	const want = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
	if hex.EncodeToString(got[:]) != want {
		t.Errorf("digest = %x, want %s", got, want)
	}
}

func TestKeysFromEveryPepperAndFromBeforeStayValid(t *testing.T) {
	t.Parallel()
	now, old := keys.NewSecret("pepper of today"), keys.NewSecret("pepper of yesterday")
	candidates := keys.NewHasher([]keys.Secret{now, old}).Candidates(example)
	want := []keys.Digest{macOf(now), macOf(old), sha256.Sum256([]byte(example))}
	if !slices.Equal(candidates, want) {
		t.Errorf("candidates = %x, want %x", candidates, want)
	}
	for _, stored := range [][]keys.Secret{nil, {old}, {now}, {now, old}} {
		if digest, _ := keys.NewHasher(stored).New(keys.NewSecret(example)); !slices.Contains(candidates, digest) {
			t.Errorf("a key that was stored under %d peppers is not found", len(stored))
		}
	}
	if keys.NewHasher(nil).Candidates(example)[0] == candidates[0] {
		t.Error("the pepper makes no difference")
	}
}

func macOf(pepper keys.Secret) keys.Digest {
	mac := hmac.New(sha256.New, []byte(pepper.Reveal()))
	mac.Write([]byte(example))
	return keys.Digest(mac.Sum(nil))
}

func TestFingerprintIsTheHashOfTheWholeText(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 44, 255, 256, 257, 4096} {
		text := strings.Repeat("x", n)
		if got := keys.FingerprintOf(text); got != keys.Fingerprint(sha256.Sum256([]byte(text))) {
			t.Errorf("fingerprint of %d bytes is wrong", n)
		}
	}
}

func TestFingerprintAllocatesNothing(t *testing.T) {
	longest := strings.Repeat("x", 256)
	for _, text := range []string{"", example, longest} {
		if n := testing.AllocsPerRun(100, func() { keys.FingerprintOf(text) }); n != 0 {
			t.Errorf("FingerprintOf %d bytes allocates %v times", len(text), n)
		}
	}
}

func BenchmarkFingerprintOf(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		keys.FingerprintOf(example)
	}
}
