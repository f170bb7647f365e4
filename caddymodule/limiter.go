package caddymodule

import "github.com/keystile/keystile/internal/limit"

// share has each node enforce its share of every limit while the limiter that
// they have in common is away.
const share = "share"

func (c *Config) checkLimiter() error {
	return checkWord("on_limiter_failure", c.OnLimiterFailure, share, deny, "")
}

// LimiterModule is a guest module in the namespace keystile.limiters. Once it
// is provisioned, its placeholders are resolved.
type LimiterModule interface {
	// Key tells apart what can be opened: two modules with one key share an
	// engine. It holds no credential.
	Key() string
	// Open returns the limiter without asking anybody anything.
	Open() (limit.Limiter, error)
}
