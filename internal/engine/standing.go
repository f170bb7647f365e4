package engine

import (
	"sync"
	"time"
)

// standing is a time in which the store knew of this node, under one trust and
// without a doubt. Whoever asks the store notes the standing before: what was
// answered is believed only if the same one holds afterwards.
type standing struct{ trust time.Duration }

// membership is what this node knows of what the store knows of it. Its lock
// is held while memory comes to be believed and while that ends, so that
// nothing is believed on the strength of a standing that is over.
type membership struct {
	engine *Engine

	mu          sync.Mutex
	incarnation string        // empty: not registered
	granted     time.Duration // the trust that the store has been told, at least
	doubts      int           // how often it was doubted that this node stands
	now         *standing     // nil: memory isn't believed any longer than it is already
}

// stands returns the standing that holds now; nil: there is none.
func (m *membership) stands() *standing {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.now
}

// self is this node's incarnation; empty: it isn't registered.
func (m *membership) self() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.incarnation
}

// confirm lets memory be believed that was true when the store was asked.
func (m *membership) confirm(stood *standing, asked time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if stood == nil || stood != m.now {
		return
	}
	s := m.engine.settings.current.Load()
	m.engine.confirmed.last.Store(&confirmed{at: asked, stale: min(s.ServeStale, stood.trust)})
	m.engine.cache.Confirm(asked.Add(min(s.MaxStaleness, stood.trust)))
}

// lower makes memory believed for no longer than settings have it, where the
// store was told of more. It comes before the store is told: a receipt must
// not count on less than what holds. It also returns what a beat has to know.
func (m *membership) lower(s *Settings) (incarnation string, doubts int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	trust := s.trust()
	if trust >= m.granted {
		return m.incarnation, m.doubts
	}
	m.granted = trust
	if m.now != nil {
		m.now = &standing{trust}
	}
	if last := m.engine.confirmed.last.Load(); last != nil {
		m.engine.confirmed.last.Store(&confirmed{at: last.at, stale: min(last.stale, s.ServeStale)})
		m.engine.cache.Shorten(last.at.Add(s.MaxStaleness))
	}
	return m.incarnation, m.doubts
}

// enter notes under which incarnation the node is about to be registered.
func (m *membership) enter(incarnation string) (doubts int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.incarnation = incarnation
	return m.doubts
}

// settle says that the store knows of this node, and of its trust. doubts is
// how many there had been before it was told.
func (m *membership) settle(incarnation string, trust time.Duration, doubts int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.incarnation != incarnation || m.doubts != doubts {
		return
	}
	m.granted = trust
	if m.now == nil || m.now.trust != trust {
		m.now = &standing{trust}
	}
}

// doubt says that somebody may be about to remove this node from the store:
// until it is told that the node lives, memory is believed as long as it is
// now, and no longer.
func (m *membership) doubt() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.doubts++
	m.now = nil
}

// lose ends all belief: the store doesn't know of this node, or won't in a
// moment. It returns the incarnation that is lost; empty: there was none.
func (m *membership) lose() (incarnation string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	incarnation = m.incarnation
	m.incarnation, m.granted, m.now = "", 0, nil
	m.engine.cache.Distrust()
	m.engine.confirmed.last.Store(nil)
	return incarnation
}
