package caddymodule

import (
	"context"
	"sync"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/keystile/keystile/internal/dashboard"
	"github.com/keystile/keystile/internal/engine"
	"github.com/keystile/keystile/internal/limit"
)

// engines are what outlives a configuration: one for each resolved store and
// limiter. The app and every gate hold a reference of their own, since Caddy
// starts, stops and cleans them up in no order that could be relied on.
var engines = caddy.NewUsagePool()

const (
	// lateRequests is how long an engine waits for requests that the servers of
	// a replaced configuration were still reading.
	lateRequests = 10 * time.Second
	// drainTimeout is how long the end of the process waits for the requests of
	// an engine; the HTTP app has waited for them before.
	drainTimeout = 2 * time.Second
)

// pooled is an engine in the pool, with who is signed in to handle its keys.
type pooled struct {
	*engine.Engine
	id       string
	sessions *dashboard.Sessions
}

// signIns is how often one address may try to sign in: a burst of ten, and one
// every six seconds then.
var signIns = limit.Rate{N: 10, Per: time.Minute, Burst: 10}

// Destruct implements caddy.Destructor. The last flush happens here, behind
// the last request: while the process lives, that may take as long as the
// longest stream; at its end, not much longer than now.
func (p *pooled) Destruct() error {
	if caddy.Exiting() {
		return p.Hurry(drainTimeout)
	}
	finish := p.Closing(lateRequests) // before anybody can take it back
	draining.add(p)
	go func() {
		if closed, _ := finish(); closed { // the engine logs its errors
			draining.forget(p)
		}
	}()
	return nil
}

// draining holds the engines that no configuration refers to any more, and
// that may still have requests under way.
var draining = drains{engines: map[*pooled]struct{}{}}

type drains struct {
	mu      sync.Mutex
	engines map[*pooled]struct{}
}

func init() { caddy.OnExit(func(context.Context) { draining.finishAll() }) }

func (d *drains) add(p *pooled) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.engines[p] = struct{}{}
}

func (d *drains) forget(p *pooled) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.engines, p)
}

// reclaim takes an engine back that a new configuration needs again, with its
// buckets and counters as they are; nil where there is none to be had.
func (d *drains) reclaim(id string) *pooled {
	d.mu.Lock()
	defer d.mu.Unlock()
	for p := range d.engines {
		if p.id == id && p.Keep() {
			delete(d.engines, p)
			return p
		}
	}
	return nil
}

func (d *drains) finishAll() {
	for _, p := range d.list() {
		_ = p.Hurry(drainTimeout) // logged by the engine
	}
}
