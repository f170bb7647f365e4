package engine

import (
	"context"
	"sync"
	"time"

	"github.com/keystile/keystile/internal/background"
	"github.com/keystile/keystile/internal/events"
)

const (
	// watchEvery is how often it is looked whether store and limiter are there.
	watchEvery = time.Second
	// settleFor is how long at least what was told of either stands: one that
	// comes and goes every second is told of six times a minute.
	settleFor = 10 * time.Second
)

// watch tells when the store or the limiter goes, and when it is back.
type watch struct {
	engine         *Engine
	loop           *background.Loop
	mu             sync.Mutex
	store, limiter standing
}

// standing is what was told of a part last. At first, that it is there.
type standing struct {
	gone bool
	told time.Time
}

func (w *watch) init(e *Engine) {
	w.engine = e
	w.loop = background.NewLoop(watchEvery, func(context.Context) { w.look() })
}

// look compares what is with what was told.
func (w *watch) look() {
	w.mu.Lock()
	defer w.mu.Unlock()
	e := w.engine
	now, r := e.cfg.Now(), e.Readiness()
	store := r.Store != PartOK && r.Store != PartStarting
	if e.confirmed.failing.Load() { // requests that need the store are refused already
		store = true
		if r.Store == PartOK {
			r.Store = PartAway
		}
	}
	w.tell(&w.store, store, now, r.Store, events.StoreUnavailable, events.StoreAvailable)
	w.tell(&w.limiter, r.Limiter != PartOK, now, r.Limiter, events.LimiterUnavailable, events.LimiterAvailable)
}

func (w *watch) tell(s *standing, gone bool, now time.Time, state string, lost, back events.Name) {
	if gone == s.gone || !s.told.IsZero() && now.Sub(s.told).Abs() < settleFor {
		return
	}
	s.gone, s.told = gone, now
	name := back
	if gone {
		name = lost
	}
	w.engine.teller.queue.Offer(w.engine.event(name, map[string]any{"state": state, "time": timeText(now)}))
}
