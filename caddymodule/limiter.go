package caddymodule

import "github.com/keystile/keystile/internal/limit"

// LimiterModule is a guest module in the namespace keystile.limiters. Once it
// is provisioned, its placeholders are resolved.
type LimiterModule interface {
	// Key tells apart what can be opened: two modules with one key share an
	// engine. It holds no credential.
	Key() string
	// Open returns the limiter without asking anybody anything.
	Open() (limit.Limiter, error)
}
