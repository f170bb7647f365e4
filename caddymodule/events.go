package caddymodule

import (
	"context"
	"fmt"
	"sync"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyevents"

	"github.com/keystile/keystile/internal/events"
)

// emitter hands events to Caddy's events app, for as long as its configuration
// is in force.
type emitter struct {
	ctx     caddy.Context // of the keystile app, from which the events originate
	app     *caddyevents.App
	started chan struct{}
}

func newEmitter(ctx caddy.Context) (*emitter, error) {
	loaded, err := ctx.App("events")
	if err != nil {
		return nil, fmt.Errorf("load the events app: %w", err)
	}
	e := &emitter{ctx: ctx, app: loaded.(*caddyevents.App), started: make(chan struct{})}
	if err := e.app.On("started", &onStart{told: sync.OnceFunc(func() { close(e.started) })}); err != nil {
		return nil, fmt.Errorf("wait for the start: %w", err)
	}
	return e, nil
}

// onStart is called once all apps have started. Apps start in any order, and
// the events app may be asked about handlers by others only once it has.
type onStart struct{ told func() }

// Handle implements caddyevents.Handler.
func (o *onStart) Handle(context.Context, caddy.Event) error {
	o.told()
	return nil
}

// Wants implements events.Sink.
func (e *emitter) Wants(name events.Name) bool {
	select {
	case <-e.started:
		return e.app.ShouldEmit(string(name))
	default:
		return true // nobody knows yet
	}
}

// Emit implements events.Sink. Handlers end with the configuration that has them.
func (e *emitter) Emit(ctx context.Context, event events.Event) (taken bool) {
	select {
	case <-e.started:
	case <-e.ctx.Done():
	case <-ctx.Done():
	}
	if e.ctx.Err() != nil || ctx.Err() != nil {
		return false
	}
	for name, value := range event.Data {
		if text, ok := value.(string); ok { // names and reasons are what people wrote
			event.Data[name] = secrets.Text(text)
		}
	}
	e.app.Emit(e.ctx, string(event.Name), event.Data)
	return true
}

// Interface guards.
var (
	_ events.Sink         = (*emitter)(nil)
	_ caddyevents.Handler = (*onStart)(nil)
)
