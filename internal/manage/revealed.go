package manage

import "github.com/keystile/keystile/internal/keys"

// CreatedKey is a new key with its secret, which redacts itself until
// Revealed.
type CreatedKey struct {
	KeyView
	Secret keys.Secret `json:"secret"`
}

// RevealedKey is the one answer that shows a key's secret.
type RevealedKey struct {
	KeyView
	Secret string `json:"secret" doc:"Shown once, here, and never again."`
}

// Revealed is for whoever hands the answer to the one that asked for the key.
func (c CreatedKey) Revealed() RevealedKey {
	return RevealedKey{KeyView: c.KeyView, Secret: c.Secret.Reveal()}
}

// CreatedToken is a new token with its secret, which redacts itself until
// Revealed.
type CreatedToken struct {
	TokenView
	Secret keys.Secret `json:"secret"`
}

// RevealedToken is the one answer that shows a token's secret.
type RevealedToken struct {
	TokenView
	Secret string `json:"secret" doc:"Shown once, here, and never again."`
}

// Revealed is for whoever hands the answer to the one that asked for the
// token.
func (c CreatedToken) Revealed() RevealedToken {
	return RevealedToken{TokenView: c.TokenView, Secret: c.Secret.Reveal()}
}
