package engine

import (
	"slices"
	"sync/atomic"
	"time"

	"github.com/keystile/keystile/internal/events"
	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/limit"
)

// Settings are what a configuration may change about a living engine.
type Settings struct {
	// MaxStaleness is how old what a decision rests on may be.
	MaxStaleness time.Duration
	// ServeStale is how old knowledge may be while the store doesn't answer;
	// 0: no older than MaxStaleness.
	ServeStale time.Duration
	// FlushInterval is how often counters go to the store.
	FlushInterval time.Duration
	// UsageRetention is how long usage is kept by the hour; 0: for ever.
	UsageRetention time.Duration
	// CacheSize bounds the keys in memory.
	CacheSize int64
	// Hasher makes the digests that keys are looked for under.
	Hasher keys.Hasher
	// LostPeppers are gone for good: keys that were made under them stay unknown.
	LostPeppers []keys.PepperID
	// DenyWithoutLimiter refuses requests with limits while a limiter that nodes
	// share is away; else each node enforces its share.
	DenyWithoutLimiter bool
	// UnknownKeys is how often one client address may present secrets that
	// this node doesn't know; nil: no bound.
	UnknownKeys *limit.Rate
	// Events is where events go; nil: nowhere.
	Events events.Sink
}

func (s *Settings) samePeppers(other *Settings) bool {
	return slices.Equal(s.Hasher.Peppers(), other.Hasher.Peppers()) && slices.Equal(s.LostPeppers, other.LostPeppers)
}

// trust is for how long at most something is decided by what was known when
// the store was asked.
func (s *Settings) trust() time.Duration { return max(s.MaxStaleness, s.ServeStale) }

// DefaultSettings are in force until the first Start.
var DefaultSettings = Settings{
	MaxStaleness:  10 * time.Second,
	FlushInterval: time.Second,
	CacheSize:     250_000,
}

// settings are those of every configuration that is started; the latest is to
// be in force. A configuration that fails while it starts must leave no trace.
type settings struct {
	standing []*Settings
	current  atomic.Pointer[Settings]
}

func (s *settings) push(one *Settings) *Settings {
	s.standing = append(s.standing, one)
	return s.latest()
}

func (s *settings) remove(one *Settings) *Settings {
	s.standing = slices.DeleteFunc(s.standing, func(other *Settings) bool { return other == one })
	return s.latest()
}

func (s *settings) latest() *Settings {
	if len(s.standing) > 0 {
		return s.standing[len(s.standing)-1]
	}
	return s.current.Load()
}
