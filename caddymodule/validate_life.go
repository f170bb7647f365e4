package caddymodule

// What a revocation can be.
const (
	permanent  = "permanent"
	reversible = "reversible"
)

// checkLife checks the rules of a key's life; what is left out is fine.
func (c *Config) checkLife() error {
	return checkWord("revocation", c.Revocation, permanent, reversible, "")
}
