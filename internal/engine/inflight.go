package engine

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
)

// inflight counts the requests that still need an engine, so that its last
// flush comes after their last count. The count is spread over cache lines:
// requests of different processors don't share one.
type inflight struct {
	shards  [inflightShards]inflightShard
	waiting atomic.Bool
	idle    chan struct{} // holds a token when a leaver saw nobody left
	hurried chan struct{} // closed when nobody may wait any longer
	hurry   sync.Once
}

const inflightShards = 32

type inflightShard struct {
	n atomic.Int64
	_ [56]byte // the rest of a cache line
}

func (f *inflight) enter() uint32 {
	at := rand.Uint32() % inflightShards //nolint:gosec // picks a cache line, not a secret
	f.shards[at].n.Add(1)
	return at
}

func (f *inflight) leave(at uint32) {
	f.shards[at].n.Add(-1)
	if f.waiting.Load() && f.count() == 0 {
		select {
		case f.idle <- struct{}{}:
		default:
		}
	}
}

func (f *inflight) count() (n int64) {
	for i := range f.shards {
		n += f.shards[i].n.Load()
	}
	return n
}

func (f *inflight) init() {
	f.idle, f.hurried = make(chan struct{}, 1), make(chan struct{})
}

func (f *inflight) giveUp() { f.hurry.Do(func() { close(f.hurried) }) }

// wait returns true once nobody is in flight; false with the context's end, or
// when somebody gave up. Nobody may enter any more.
func (f *inflight) wait(ctx context.Context) bool {
	f.waiting.Store(true)
	for f.count() > 0 {
		select {
		case <-f.idle:
		case <-f.hurried:
			return false
		case <-ctx.Done():
			return false
		}
	}
	return true
}
