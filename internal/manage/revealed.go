package manage

import "github.com/keystile/keystile/internal/keys"

// CreatedKey is a new key with its secret, which redacts itself until
// Revealed.
type CreatedKey struct {
	KeyView
	Secret keys.Secret `json:"secret"`
	// Replayed: it was made by an earlier call with the same idempotency key,
	// and there is no secret.
	Replayed bool `json:"-"`
}

// RevealedKey is the one answer that shows a key's secret.
type RevealedKey struct {
	KeyView
	Secret *string `json:"secret" doc:"Shown once, here, and never again; null in the repeat of an idempotent call."`
}

// Revealed is for whoever hands the answer to the one that asked for the key.
func (c CreatedKey) Revealed() RevealedKey {
	return RevealedKey{KeyView: c.KeyView, Secret: reveal(c.Secret, c.Replayed)}
}

// CreatedToken is a new token with its secret, which redacts itself until
// Revealed.
type CreatedToken struct {
	TokenView
	Secret keys.Secret `json:"secret"`
	// Replayed: as of a CreatedKey.
	Replayed bool `json:"-"`
}

// RevealedToken is the one answer that shows a token's secret.
type RevealedToken struct {
	TokenView
	Secret *string `json:"secret" doc:"Shown once, here, and never again; null in the repeat of an idempotent call."`
}

// Revealed is for whoever hands the answer to the one that asked for the
// token.
func (c CreatedToken) Revealed() RevealedToken {
	return RevealedToken{TokenView: c.TokenView, Secret: reveal(c.Secret, c.Replayed)}
}

func reveal(s keys.Secret, replayed bool) *string {
	if replayed {
		return nil
	}
	text := s.Reveal()
	return &text
}
