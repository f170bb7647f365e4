package engine

import (
	"context"
	"time"

	"github.com/keystile/keystile/internal/storage"
)

const (
	day = 24 * time.Hour
	// hoursKept is for how long each hour of usage is kept by itself; behind
	// that, days are. No quota looks back so far.
	hoursKept = 62 * day
	// unlistedKept is for how long it is known what no route listed.
	unlistedKept = 2 * day
	// denialsKept is for how long a denial is found by its request's ID.
	denialsKept = 30 * day
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
	forgetIncarnationsAfter = 90 * day
)

// prune removes the usage that the configuration doesn't want kept, and puts
// the hours of what is old together.
func (e *Engine) prune(ctx context.Context) {
	if err := e.bitByBit(ctx, e.pruneSome); err != nil {
		e.notPruned(ctx, "old usage could not be removed; it is tried again in an hour", err)
		return
	}
	before := e.cfg.Now().UTC().Add(-hoursKept).Truncate(day)
	from := e.rolledUp.Load()
	if from != nil && !from.Before(before) {
		return // not one day more since the last time
	}
	what := storage.UsageRollUp{Before: before, Limit: pruneAtOnce}
	if from != nil {
		what.From = *from
	}
	some := func(ctx context.Context) (more bool, err error) { return e.cfg.Store.RollUpUsage(ctx, what) }
	if err := e.bitByBit(ctx, some); err != nil {
		e.notPruned(ctx, "old hours of usage could not be put together; it is tried again in an hour", err)
		return
	}
	e.rolledUp.Store(&before)
}

// notPruned says so, unless it was stopped.
func (e *Engine) notPruned(ctx context.Context, what string, err error) {
	if ctx.Err() == nil {
		e.cfg.Log.Error(what, "error", err)
	}
}

// bitByBit calls some until there is no more.
func (e *Engine) bitByBit(ctx context.Context, some func(context.Context) (more bool, err error)) error {
	for {
		within, cancel := context.WithTimeout(ctx, finalTimeout)
		more, err := some(within)
		cancel()
		if err != nil || !more {
			return err
		}
		select {
		case <-time.After(prunePause):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (e *Engine) pruneSome(ctx context.Context) (more bool, err error) {
	now := e.cfg.Now()
	p := storage.UsagePrune{
		UnlistedBefore:     now.Add(-unlistedKept).Truncate(time.Hour),
		DenialsBefore:      now.Add(-denialsKept),
		IncarnationsBefore: now.Add(-forgetIncarnationsAfter), Limit: pruneAtOnce,
	}
	if keep := e.settings.current.Load().UsageRetention; keep > 0 {
		p.CellsBefore = now.Add(-keep).Truncate(time.Hour) // the hour that is still half within is kept
		p.DenialsBefore = now.Add(-min(keep, denialsKept))
	}
	return e.cfg.Store.PruneUsage(ctx, p)
}
