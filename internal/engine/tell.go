package engine

import (
	"context"
	"time"

	"github.com/keystile/keystile/internal/events"
	"github.com/keystile/keystile/internal/keys"
)

// teller is what tells handlers of events, and finds out what there is to tell.
type teller struct {
	queue   *events.Queue
	trail   trail
	endings endings
	excess  *events.Seldom
	watch   watch
}

func (e *Engine) initTeller() {
	t := &e.teller
	t.queue = events.NewQueue(events.Config{
		Sink:    func() events.Sink { return e.settings.current.Load().Events },
		Dropped: &e.stats.EventsDropped, Now: e.cfg.Now, Log: e.cfg.Log,
	})
	t.excess = events.NewSeldom(excessEvery, e.cfg.Now())
	t.trail.init(e)
	t.endings.init(e)
	t.watch.init(e)
}

// start begins to find out. The queue is started before: that the store is
// away is told, too.
func (t *teller) start(ctx context.Context) {
	t.trail.loop.Start(ctx)
	t.endings.loop.Start(ctx)
	t.watch.loop.Start(ctx)
}

func (t *teller) stop() {
	t.trail.loop.Stop()
	t.endings.loop.Stop()
	t.watch.loop.Stop()
}

// listen goes by who listens from now on.
func (t *teller) listen() {
	t.trail.loop.Kick()
	t.endings.loop.Kick()
}

// event is one of this node.
func (e *Engine) event(name events.Name, data map[string]any) events.Event {
	data["node"] = e.cfg.Node
	return events.Event{Name: name, Data: data}
}

// keyData is what every event of a key says of it.
func keyData(k *keys.Key) map[string]any {
	return map[string]any{
		"key_id": string(k.ID), "name": k.Name, "hint": k.Hint, "owner": k.Owner, "environment": string(k.Environment),
		"workspace": k.Workspace, "project": k.Project, "expires_at": timeText(k.ExpiresAt), "replaced_by": string(k.ReplacedBy),
	}
}

// timeText is a time as the API writes it; empty: none.
func timeText(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}
