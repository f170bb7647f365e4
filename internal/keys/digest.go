package keys

import (
	"crypto/hmac"
	"crypto/sha256"
)

// Digest is the one-way hash of a secret under which its key is stored and
// looked up.
type Digest [sha256.Size]byte

// DigestTail is how many bytes of a digest may be told to those who must not
// know it.
const DigestTail = 2

// Tail is the end of a digest, by which memory sorts entries.
func (d Digest) Tail() [DigestTail]byte { return [DigestTail]byte(d[len(d)-DigestTail:]) }

// DigestOfTail is a digest of which only the tail is known.
func DigestOfTail(tail [DigestTail]byte) (d Digest) {
	copy(d[len(d)-DigestTail:], tail[:])
	return d
}

// Fingerprint is the SHA-256 of a presented secret. It names the secret in
// memory, whichever digests the store may hold for it; it never leaves the
// process.
type Fingerprint = Digest

// FingerprintOf hashes a presented secret. It does not allocate.
func FingerprintOf(secret string) Fingerprint {
	var buf [maxSecret]byte
	n := copy(buf[:], secret)
	if n < len(secret) {
		return sha256.Sum256([]byte(secret))
	}
	return sha256.Sum256(buf[:n])
}

// Hasher makes the digests of a store: HMAC-SHA-256 with each pepper, SHA-256
// without one.
type Hasher struct {
	peppers []Secret
	schemes []Scheme // see With
}

// NewHasher takes peppers newest first. Without any, digests are plain SHA-256.
func NewHasher(peppers []Secret) Hasher { return Hasher{peppers: peppers} }

// New returns the digest to store for a new secret, and the pepper that it was
// made with, which is to be stored beside it.
func (h Hasher) New(secret Secret) (Digest, PepperID) {
	if len(h.peppers) == 0 {
		return FingerprintOf(secret.Reveal()), ""
	}
	return peppered(h.peppers[0], secret.Reveal()), pepperID(h.peppers[0])
}

// Candidates returns every digest under which a presented secret may be
// stored: one for each pepper, newest first, the plain one, since keys from
// before a pepper stay valid, and then those of imported keys.
func (h Hasher) Candidates(secret string) []Digest {
	out := make([]Digest, 0, len(h.peppers)+1+len(h.schemes))
	for _, p := range h.peppers {
		out = append(out, peppered(p, secret))
	}
	out = append(out, FingerprintOf(secret))
	for _, s := range h.schemes {
		if d, ok := s.candidate(secret); ok {
			out = append(out, d)
		}
	}
	return out
}

func peppered(pepper Secret, secret string) Digest {
	mac := hmac.New(sha256.New, []byte(pepper.Reveal()))
	_, _ = mac.Write([]byte(secret)) // a hash never fails to write
	return Digest(mac.Sum(nil))
}
