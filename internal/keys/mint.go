package keys

import "crypto/rand"

// mintTries bounds how often Mint draws again; one draw in 62 fails at worst
// where a prefix is another one with a single character more.
const mintTries = 100

// Mint makes a new secret of an environment that has a prefix.
func (f *Format) Mint(env Environment) Secret {
	secret := mint(f.minted[env])
	for range mintTries {
		// With prefixes such as bs_ and bs_t, a random t would make the longer
		// one win, and the new key would be refused.
		if got, err := f.Check(secret.Reveal()); err == nil && got == env {
			break
		}
		secret = mint(f.minted[env])
	}
	return secret
}

// MintToken makes the secret of a new management token.
func MintToken() Secret { return mint(TokenPrefix) }

func mint(prefix string) Secret {
	text := prefix + randomText(randomChars)
	sum := checksum(text)
	return NewSecret(text + string(sum[:]))
}

// randomText returns n characters of base62, each with the same likelihood.
func randomText(n int) string {
	const fair = 256 - 256%len(base62) // bytes from here on would favour the first characters
	out := make([]byte, 0, n)
	buf := make([]byte, 2*n)
	for len(out) < n {
		_, _ = rand.Read(buf) // never fails (crypto/rand)
		for _, b := range buf {
			if int(b) < fair && len(out) < n {
				out = append(out, base62[int(b)%len(base62)])
			}
		}
	}
	return string(out)
}
