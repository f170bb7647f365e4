package keys

import "encoding/hex"

// PepperID tells peppers apart without showing them: it is the start of a
// keyed digest of a fixed text, 16 hex digits. Empty: no pepper.
type PepperID string

const (
	// pepperText is no secret that anybody could present: it holds spaces.
	pepperText    = "the check of a pepper"
	pepperIDBytes = 8
)

func pepperID(pepper Secret) PepperID {
	sum := peppered(pepper, pepperText)
	return PepperID(hex.EncodeToString(sum[:pepperIDBytes]))
}

// IsPepperID reports whether a text can be the ID of a pepper.
func IsPepperID(text string) bool {
	raw, err := hex.DecodeString(text)
	return err == nil && len(raw) == pepperIDBytes && hex.EncodeToString(raw) == text
}

// Peppers are the peppers whose digests Candidates makes, those of schemes
// included: their keys are HMAC keys as well.
func (h Hasher) Peppers() []PepperID {
	var all []PepperID
	for _, p := range h.peppers {
		all = append(all, pepperID(p))
	}
	for _, s := range h.schemes {
		if s.Algorithm == HMACSHA256 {
			all = append(all, pepperID(s.Key))
		}
	}
	return all
}

// PepperOf is the pepper that a scheme's digests can't be looked up without;
// empty where there is none, or where the store is to hold the scheme.
func (h Hasher) PepperOf(s Scheme) PepperID {
	if s.Algorithm == HMACSHA256 && h.Makes(s) {
		return pepperID(s.Key)
	}
	return ""
}
