package caddymodule

import (
	"context"
	"sync"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/keystile/keystile/internal/engine"
)

// engines are what outlives a configuration: one for each resolved store and
// peppers. The app and every gate hold a reference of their own, since Caddy
// starts, stops and cleans them up in no order that could be relied on.
var engines = caddy.NewUsagePool()

// drainTimeout is how long the end of the process waits for the requests of an
// engine; the HTTP app has waited for them before.
const drainTimeout = 2 * time.Second

// pooled is an engine in the pool.
type pooled struct {
	*engine.Engine
}

// Destruct implements caddy.Destructor. The last flush happens here, behind
// the last request: while the process lives, that may take as long as the
// longest stream; at its end, not much longer than now.
func (p *pooled) Destruct() error {
	draining.add(p)
	if caddy.Exiting() {
		return draining.finish(p)
	}
	go func() {
		_ = p.Close(context.Background()) // logged by the engine
		draining.forget(p)
	}()
	return nil
}

// draining holds the engines that no configuration refers to any more, and
// that still have requests under way.
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

// finish ends an engine within drainTimeout.
func (d *drains) finish(p *pooled) error {
	defer d.forget(p)
	return p.Hurry(drainTimeout)
}

func (d *drains) finishAll() {
	d.mu.Lock()
	left := make([]*pooled, 0, len(d.engines))
	for p := range d.engines {
		left = append(left, p)
	}
	d.mu.Unlock()
	for _, p := range left {
		_ = d.finish(p) // logged by the engine
	}
}
