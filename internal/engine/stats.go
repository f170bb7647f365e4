package engine

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/keystile/keystile/internal/limit"
	"github.com/keystile/keystile/internal/storage"
)

// Stats counts what engines do, and what they ask of their stores.
type Stats struct {
	CacheHits     atomic.Int64 // secrets that memory told what they are
	CacheMisses   atomic.Int64 // those that only the store could tell
	StoreReads    atomic.Int64 // look-ups of presented secrets
	StoreErrors   atomic.Int64 // look-ups and polls that failed
	StoreFlushes  atomic.Int64 // usage transactions
	Limits        limit.Stats  // of limiters that nodes share
	EventsDropped atomic.Int64 // that no handler was asked about
	UsageDropped  atomic.Int64 // allowed calls that neither the store nor the spool took at the end

	// StoreBegins is called when the store is asked to do something, and what it
	// returns once it has; nil: nobody wants to know.
	StoreBegins func(o Operation) (ended func())
}

// Operation is something that a store is asked to do.
type Operation string

// The operations whose time is taken.
const (
	OpLookup Operation = "lookup"
	OpFlush  Operation = "flush"
)

// Stats returns the counters, which go on counting.
func (e *Engine) Stats() *Stats { return e.stats }

func (s *Stats) begins(o Operation) (ended func()) {
	if s.StoreBegins == nil {
		return func() {}
	}
	return s.StoreBegins(o)
}

// Gauges are what an engine holds at present.
type Gauges struct {
	CachedKeys     int64
	CacheEvictions int64 // since the engine began
	// Revision is how far the change log is followed.
	Revision storage.Revision
	// Unconfirmed is how long ago the question was sent that the store answered
	// last; 0 before the first answer.
	Unconfirmed time.Duration
	// PendingCells are sums of usage that are not known to be stored, the
	// oldest for OldestCell.
	PendingCells int
	OldestCell   time.Duration
	// Spooled is how many files of usage wait for the store.
	Spooled int
}

// Gauges may be called at any time.
func (e *Engine) Gauges() Gauges {
	var g Gauges
	g.CachedKeys, g.CacheEvictions = e.cache.Size()
	g.Revision = e.node.reached.Load().Revision
	if last := e.confirmed.last.Load(); last != nil {
		g.Unconfirmed = max(0, e.cfg.Now().Sub(last.at))
	}
	usage := e.flusher.Stats()
	g.PendingCells, g.OldestCell, g.Spooled = usage.PendingCells, usage.OldestUnflushed, usage.Spooled
	return g
}

// countedStore counts the transactions of usage.
type countedStore struct {
	storage.Store
	stats *Stats
}

func (s countedStore) ApplyUsage(ctx context.Context, batch storage.UsageBatch) error {
	s.stats.StoreFlushes.Add(1)
	defer s.stats.begins(OpFlush)()
	return s.Store.ApplyUsage(ctx, batch)
}
