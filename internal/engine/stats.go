package engine

import (
	"context"
	"sync/atomic"

	"github.com/keystile/keystile/internal/limit"
	"github.com/keystile/keystile/internal/storage"
)

// Stats counts what an engine asks of its store.
type Stats struct {
	StoreReads   atomic.Int64 // look-ups of presented secrets
	StoreErrors  atomic.Int64 // of those, the ones that failed
	StoreFlushes atomic.Int64 // usage transactions
	Limits       limit.Stats  // of limiters that nodes share
	UsageDropped atomic.Int64 // allowed calls that neither the store nor the spool took at the end
}

// Stats returns the counters, which go on counting.
func (e *Engine) Stats() *Stats { return e.stats }

// countedStore counts the transactions of usage.
type countedStore struct {
	storage.Store
	stats *Stats
}

func (s countedStore) ApplyUsage(ctx context.Context, batch storage.UsageBatch) error {
	s.stats.StoreFlushes.Add(1)
	return s.Store.ApplyUsage(ctx, batch)
}
