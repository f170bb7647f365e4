package keys

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"strings"
)

// Algorithm is how another system made the digests of its keys.
type Algorithm string

// The algorithms whose digests can be looked up by a presented secret.
const (
	SHA256     Algorithm = "sha256"
	SHA512     Algorithm = "sha512"
	HMACSHA256 Algorithm = "hmac-sha256"
)

// Algorithms lists them in the order in which they are shown.
var Algorithms = []Algorithm{SHA256, SHA512, HMACSHA256}

// Size is the length of the algorithm's digests in bytes; 0 for an algorithm
// that is none of Algorithms.
func (a Algorithm) Size() int {
	switch a {
	case SHA256, HMACSHA256:
		return sha256.Size
	case SHA512:
		return sha512.Size
	}
	return 0
}

// Stored turns a digest of Size bytes into the one under which the key is
// stored: the digest itself, or the SHA-256 of a longer one.
func (a Algorithm) Stored(digest []byte) Digest {
	if len(digest) == len(Digest{}) {
		return Digest(digest)
	}
	return sha256.Sum256(digest)
}

// Scheme is a way in which the digests of imported keys were made, and in
// which no Hasher of the configuration makes any: a store that holds such keys
// holds their scheme as well.
type Scheme struct {
	ID        string // "sch_…"
	Algorithm Algorithm
	Key       Secret // of HMACSHA256; not a client's secret
}

// NewSchemeID makes the ID of a new scheme.
func NewSchemeID() string { return "sch_" + strings.ToLower(randomText(idChars)) }

// Same reports whether two schemes make the same digests.
func (s Scheme) Same(other Scheme) bool {
	return s.Algorithm == other.Algorithm && (s.Algorithm != HMACSHA256 || sameKey(s.Key, other.Key))
}

// Makes reports whether the Hasher looks for digests of a scheme by itself,
// so that nothing needs to be stored for them.
func (h Hasher) Makes(s Scheme) bool {
	if s.Algorithm == SHA256 {
		return true
	}
	for _, p := range h.peppers {
		if s.Algorithm == HMACSHA256 && sameKey(s.Key, p) {
			return true
		}
	}
	return false
}

// sameKey compares what two keys do, which for HMAC is more than their bytes:
// zeros at the end of a short key make no difference.
func sameKey(a, b Secret) bool {
	one, other := peppered(a, ""), peppered(b, "")
	return hmac.Equal(one[:], other[:])
}

// With returns a Hasher whose Candidates include the digests of schemes.
func (h Hasher) With(schemes []Scheme) Hasher {
	h.schemes = schemes
	return h
}

// candidate is the digest under which a secret would be stored by a scheme.
// A scheme that this version doesn't know has none.
func (s Scheme) candidate(secret string) (d Digest, ok bool) {
	switch s.Algorithm {
	case SHA512:
		sum := sha512.Sum512([]byte(secret))
		return s.Algorithm.Stored(sum[:]), true
	case HMACSHA256:
		return peppered(s.Key, secret), true
	}
	return d, false
}
