package engine

import (
	"context"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/limit"
	"github.com/keystile/keystile/internal/storage"
)

// limits is the limiter, where nodes share it: it is told of what it needs to
// know of the fleet.
type limits struct {
	engine *Engine
	fleet  limit.Fleet // nil: the limiter is of this node alone
}

func (l *limits) init(e *Engine) {
	l.engine = e
	l.fleet, _ = e.cfg.Limiter.(limit.Fleet)
}

// start begins to share. How many nodes there are is read before, if it can be.
func (l *limits) start(ctx context.Context) {
	if l.fleet == nil {
		return
	}
	within, cancel := context.WithTimeout(ctx, beatTimeout)
	defer cancel()
	err := l.engine.cfg.Store.View(within, func(r storage.Reader) error {
		nodes, err := r.Nodes(within)
		if err == nil {
			l.setNodes(len(nodes))
		}
		return err
	})
	if err != nil {
		l.engine.cfg.Log.Error("how many nodes share the limits can't be told yet", "error", err)
	}
	l.fleet.Start(ctx, limit.Surroundings{Log: l.engine.cfg.Log, Stats: &l.engine.stats.Limits})
}

// Take asks all limits for cost and spends it if all grant it: see
// limit.Limiter.
func (e *Engine) Take(ctx context.Context, from *Entry, limits []*limit.Limit, cost limit.Cost, now time.Time) (limit.Decision, error) {
	return e.cfg.Limiter.Take(ctx, limit.Subject{ID: string(from.Principal.Lineage), Way: &from.buckets}, limits, cost, now)
}

// Left is what the bucket of a lineage of keys holds now under a limit, as this
// node knows it; ok is false where it can't tell. Nothing is spent.
func (e *Engine) Left(ctx context.Context, lineage keys.ID, of *limit.Limit) (left int64, ok bool) {
	subject := limit.Subject{ID: string(lineage), Way: new(limit.Way)}
	decision, err := e.cfg.Limiter.Take(ctx, subject, []*limit.Limit{of}, 0, e.cfg.Now())
	if err != nil || decision.Count == 0 {
		return 0, false
	}
	return decision.States[0].Remaining, true
}

func (l *limits) setNodes(n int) {
	if l.fleet != nil {
		l.fleet.SetNodes(n)
	}
}

func (l *limits) setDeny(deny bool) {
	if l.fleet != nil {
		l.fleet.SetDeny(deny)
	}
}

func (l *limits) stop() {
	if l.fleet != nil {
		l.fleet.Stop()
	}
}
