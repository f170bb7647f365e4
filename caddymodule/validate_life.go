package caddymodule

import (
	"time"

	"github.com/keystile/keystile/internal/manage"
)

// What a revocation can be.
const (
	permanent  = "permanent"
	reversible = "reversible"
)

const minRotationGrace = time.Second

// checkLife checks the rules of a key's life; what is left out is fine.
func (c *Config) checkLife() error {
	if err := checkWord("revocation", c.Revocation, permanent, reversible, ""); err != nil {
		return err
	}
	if d := time.Duration(c.RotationGrace); d != 0 && (d < minRotationGrace || d > manage.MaxRotationGrace) {
		return faultf("rotation_grace", "rotation_grace is %v; it is %v to %v", d, minRotationGrace, manage.MaxRotationGrace)
	}
	return nil
}
