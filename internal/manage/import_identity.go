package manage

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/keystile/keystile/internal/keys"
)

// identity is under what a key of an import is looked up.
type identity struct {
	digest keys.Digest
	pepper keys.PepperID
	// candidates are all digests under which the key may be here already.
	candidates []keys.Digest
	hint       string
	scheme     keys.Scheme // how the digest was made; zero for those made here
}

// identify says what the key's digest is. It sets the row's environment where
// the secret's prefix tells.
func (b *importing) identify(row *ImportRow) (identity, error) {
	switch {
	case !row.Secret.IsZero() && row.Digest != "":
		return identity{}, invalid("secret", "can't stand beside digest")
	case !row.Secret.IsZero():
		return b.ofSecret(row)
	case row.Digest != "":
		return b.ofDigest(row)
	}
	return identity{}, invalid("digest", "is needed, or secret with --plaintext")
}

func (b *importing) ofSecret(row *ImportRow) (identity, error) {
	if !b.ask.Plaintext {
		return identity{}, refuse(Unsupported, "secret", "secret is plaintext, which is unsupported without --plaintext.")
	}
	if row.Algorithm != "" {
		return identity{}, invalid("algorithm", "says how a digest was made, and this row has a secret")
	}
	text := row.Secret.Reveal()
	env, err := b.format.Check(text)
	if err != nil {
		return identity{}, invalid("secret", "is none that a gate would take: see accept_prefix in the configuration, with unchecked for other systems' secrets")
	}
	if row.Ask.Environment == "" {
		row.Ask.Environment = env
	}
	if row.Ask.Environment != env {
		return identity{}, invalid("environment", "must be %s, as the secret's prefix says", env)
	}
	digest, pepper := b.hasher.New(row.Secret)
	return identity{
		digest: digest, pepper: pepper, hint: b.format.Hint(row.Secret),
		candidates: b.hasher.With(b.schemes).Candidates(text),
	}, nil
}

func (b *importing) ofDigest(row *ImportRow) (identity, error) {
	scheme := keys.Scheme{Algorithm: keys.Algorithm(strings.ToLower(row.Algorithm))}
	if err := supported(scheme.Algorithm); err != nil {
		return identity{}, err
	}
	raw, err := digestBytes(row.Digest, scheme.Algorithm)
	if err != nil {
		return identity{}, err
	}
	if scheme.Algorithm == keys.HMACSHA256 {
		if b.ask.HMACKey.IsZero() {
			return identity{}, refuse(Unsupported, "algorithm", "algorithm hmac-sha256 is unsupported without --hmac-key-file.")
		}
		scheme.Key = b.ask.HMACKey
	}
	digest := scheme.Algorithm.Stored(raw)
	return identity{digest: digest, pepper: b.hasher.PepperOf(scheme), candidates: []keys.Digest{digest}, scheme: scheme}, nil
}

// Why an algorithm that others use is unsupported.
const (
	tooWeak = "it is too weak to tell keys apart by"
	salted  = "it is salted or slow, so no secret can be looked up by it"
	another = "no gate looks for it"
)

// unsupported lists what may be named in an answer: any other text in its
// place may be a secret.
var unsupported = map[keys.Algorithm]string{
	"md4": tooWeak, "md5": tooWeak, "sha1": tooWeak, "sha-1": tooWeak, "hmac-md5": tooWeak, "hmac-sha1": tooWeak,
	"crc": tooWeak, "crc32": tooWeak, "crc64": tooWeak, "adler32": tooWeak, "fnv": tooWeak,
	"murmur": tooWeak, "murmur3": tooWeak, "xxhash": tooWeak, "siphash": tooWeak,

	"bcrypt": salted, "scrypt": salted, "pbkdf2": salted, "argon2": salted, "argon2i": salted, "argon2id": salted,

	"sha224": another, "sha384": another, "sha512-256": another, "hmac-sha384": another, "hmac-sha512": another,
	"sha3": another, "sha3-256": another, "sha3-512": another, "blake2b": another, "blake2s": another, "blake3": another,
	"plaintext": "a secret stands under secret, and needs --plaintext",
}

func supported(algorithm keys.Algorithm) error {
	switch {
	case slices.Contains(keys.Algorithms, algorithm):
		return nil
	case algorithm == "":
		return invalid("algorithm", "is needed beside digest: %s", supportedAlgorithms())
	}
	said := "algorithm is unsupported"
	if why, known := unsupported[algorithm]; known {
		said = fmt.Sprintf("algorithm %s is unsupported: %s", algorithm, why)
	}
	return refuse(Unsupported, "algorithm", said+"; supported are "+supportedAlgorithms()+".")
}

func supportedAlgorithms() string {
	names := make([]string, 0, len(keys.Algorithms))
	for _, a := range keys.Algorithms {
		names = append(names, string(a))
	}
	return strings.Join(names, ", ")
}

func digestBytes(text string, algorithm keys.Algorithm) ([]byte, error) {
	raw, err := hex.DecodeString(text)
	if err != nil {
		return nil, invalid("digest", "must be %d hex digits", 2*algorithm.Size())
	}
	if len(raw) != algorithm.Size() {
		return nil, refuse(Unsupported, "digest",
			fmt.Sprintf("digest has %d hex digits, and %s has %d: one that was cut off, or made otherwise, is unsupported.", len(text), algorithm, 2*algorithm.Size()))
	}
	return raw, nil
}
