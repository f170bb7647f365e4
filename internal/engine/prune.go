package engine

import (
	"context"
	"time"

	"github.com/keystile/keystile/internal/storage"
)

const (
	// pruneEvery is how often usage is looked through for what is too old; it
	// is counted by the hour.
	pruneEvery = time.Hour
	// pruneAtOnce bounds the rows that one transaction removes, and prunePause
	// lets other writers have their turn behind each.
	pruneAtOnce = 500
	prunePause  = 50 * time.Millisecond
	// forgetIncarnationsAfter is how long an incarnation is remembered that
	// doesn't flush any more. A process that wakes up later is told that it is
	// out of order, and goes on under a new name, as after a restore. Only a
	// batch that was stored in doubt and comes once more after all that time,
	// from the spool of a process that ended then, is counted twice.
	forgetIncarnationsAfter = 90 * 24 * time.Hour
)

// prune removes the usage that the configuration doesn't want kept.
func (e *Engine) prune(ctx context.Context) {
	for {
		more, err := e.pruneSome(ctx)
		switch {
		case err != nil && ctx.Err() == nil:
			e.cfg.Log.Error("old usage could not be removed; it is tried again in an hour", "error", err)
			return
		case err != nil || !more:
			return
		}
		select {
		case <-time.After(prunePause):
		case <-ctx.Done():
			return
		}
	}
}

func (e *Engine) pruneSome(ctx context.Context) (more bool, err error) {
	now := e.cfg.Now()
	p := storage.UsagePrune{IncarnationsBefore: now.Add(-forgetIncarnationsAfter), Limit: pruneAtOnce}
	if keep := e.settings.current.Load().UsageRetention; keep > 0 {
		p.CellsBefore = now.Add(-keep).Truncate(time.Hour) // the hour that is still half within is kept
	}
	ctx, cancel := context.WithTimeout(ctx, finalTimeout)
	defer cancel()
	return e.cfg.Store.PruneUsage(ctx, p)
}
