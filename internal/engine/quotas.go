package engine

import (
	"context"
	"fmt"
	"time"

	"github.com/keystile/keystile/internal/background"
	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/quota"
	"github.com/keystile/keystile/internal/storage"
)

// forgetQuotasAfter is how long a counter of a quota is kept unused; by then,
// what it counted is stored, unless the store is away.
const forgetQuotasAfter = time.Hour

// tendQuotasEvery is how often quotas are given back that lie unused here.
const tendQuotasEvery = time.Second

// shareQuotas has all nodes count together where their limiter can, else this
// one alone.
func (e *Engine) shareQuotas() {
	if ledger, ok := e.cfg.Limiter.(quota.Ledger); ok {
		e.quotas = quota.NewSharedTable(e.sumUsage, ledger)
	} else {
		e.quotas = quota.NewTable(e.sumUsage)
	}
	e.tender = background.NewLoop(tendQuotasEvery, func(ctx context.Context) { e.quotas.Tend(ctx, e.cfg.Now()) })
}

// Quotas are the counters of what keys and workspaces have used.
func (e *Engine) Quotas() *quota.Table { return e.quotas }

// sumUsage reads what a subject has used so far in the periods that hold now,
// within lookupTimeout.
func (e *Engine) sumUsage(ctx context.Context, s quota.Subject, now time.Time) (sums quota.Sums, err error) {
	if err := e.reachable(); err != nil {
		return sums, err
	}
	ctx, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	// What was counted before there was a counter must be stored to be summed up.
	// All who come upon one meanwhile share a flush.
	if err := e.flusher.Flush(ctx); err != nil {
		return sums, fmt.Errorf("%w: store what was counted: %w", ErrUnavailable, err)
	}
	of := storage.UsageOf{
		Workspace: s.Workspace, Environment: keys.Environment(s.Environment), Lineage: keys.ID(s.Lineage), Endpoint: s.Endpoint, Whole: true,
	}
	err = e.cfg.Store.View(ctx, func(r storage.Reader) error {
		for p := range sums {
			if sums[p], err = r.UsageCost(ctx, of, quota.Period(p).Start(now)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return sums, fmt.Errorf("%w: sum up what a quota has left: %w", ErrUnavailable, err)
	}
	return sums, nil
}

// sweep forgets buckets and counters that can be had again.
func (e *Engine) sweep(context.Context) {
	now := e.cfg.Now()
	e.cfg.Limiter.Sweep(now)
	e.commons.sweep()
	if e.flusher.Stats().OldestUnflushed < forgetQuotasAfter {
		e.quotas.Sweep(now.Add(-forgetQuotasAfter))
	}
}
