package engine

import (
	"sync"
	"time"

	"github.com/keystile/keystile/internal/storage"
)

// membership is what this node believes its memory by. The store is asked on
// its behalf (storage.Registry.Attend), and what was answered counts only if
// nothing made the question void meanwhile. Its lock is held while memory
// comes to be believed and while that ends.
type membership struct {
	engine *Engine

	mu          sync.Mutex
	incarnation string // empty: not registered
	// era grows with whatever makes questions void that are under way.
	era int
	// said is the trust that the store was told, or is about to be.
	said time.Duration
}

// question is on whose behalf the store is asked or told something, and when.
type question struct {
	incarnation string
	settings    *Settings
	era         int
	asked       time.Time // before it was sent
}

// question begins a question. Where the store will be told of another trust
// than before, memory is believed for no longer than that from here on: a
// receipt must not count on less than what holds.
func (m *membership) question() question {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.engine.settings.current.Load()
	if trust := s.trust(); trust != m.said {
		m.said = trust
		m.era++
		m.shorten(s)
	}
	return question{m.incarnation, s, m.era, m.engine.cfg.Now()}
}

// reconsider believes memory for no longer than settings have it that have just
// come into force, and voids what was asked under others.
func (m *membership) reconsider(s *Settings) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.era++
	m.shorten(s)
}

func (m *membership) shorten(s *Settings) {
	if last := m.engine.confirmed.last.Load(); last != nil {
		m.engine.confirmed.last.Store(&confirmed{at: last.at, stale: min(last.stale, s.ServeStale)})
		m.engine.cache.Shorten(last.at.Add(s.MaxStaleness))
	}
}

// confirm lets memory be believed that was true when a question was asked, for
// no longer than the node's row said then. It reports whether it may be.
func (m *membership) confirm(q question, row storage.Node) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if q.era != m.era || q.incarnation == "" || q.incarnation != row.Incarnation || row.Doubted {
		return false
	}
	m.engine.confirmed.last.Store(&confirmed{at: q.asked, stale: min(q.settings.ServeStale, row.Trust)})
	m.engine.cache.Confirm(q.asked.Add(min(q.settings.MaxStaleness, row.Trust)))
	return true
}

// self is this node's incarnation; empty: it isn't registered.
func (m *membership) self() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.incarnation
}

// enter notes the incarnation that the node was registered under, or may have
// been. Questions from before were nobody's.
func (m *membership) enter(incarnation string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.incarnation = incarnation
}

// lose ends all belief: the store doesn't know of an incarnation, or won't in
// a moment. It reports whether there was any; where the incarnation is not
// this node's any more, that is no news.
func (m *membership) lose(incarnation string) (believed bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if incarnation != m.incarnation {
		return false
	}
	m.incarnation = ""
	m.era++
	m.engine.cache.Distrust()
	return m.engine.confirmed.last.Swap(nil) != nil
}
