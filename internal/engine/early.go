package engine

import "context"

// Expect says with which settings to begin where a request comes before the
// Start, or instead of it: Caddy starts apps in no order that could be relied
// on, and may let servers of a configuration take requests that fails to start
// a moment later. Without it, such a request waits for a Start.
func (e *Engine) Expect(s *Settings) { e.expected.Store(s) }

// beginEarly does for waiting requests what Start hasn't done.
func (e *Engine) beginEarly() {
	e.starting.Lock()
	defer e.starting.Unlock()
	s := e.expected.Load()
	if s == nil || e.started || e.ended {
		return
	}
	if err := e.begin(context.Background(), s); err != nil {
		e.cfg.Log.Error("requests came before the start, and nothing can answer them", "error", err)
	}
}
