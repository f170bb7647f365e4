package engine

import (
	"slices"
	"sync/atomic"
	"time"
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
	// CacheSize bounds the keys in memory.
	CacheSize int64
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

// settings are those of every configuration that is started; the latest is in
// force. A configuration that fails while it starts must leave no trace.
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
		s.current.Store(s.standing[len(s.standing)-1])
	}
	return s.current.Load()
}
