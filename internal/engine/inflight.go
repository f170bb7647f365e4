package engine

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"
)

// inflight counts the requests that still need an engine, so that its last
// flush comes after their last count. The count is spread over cache lines:
// requests of different processors don't share one.
type inflight struct {
	shards  [inflightShards]inflightShard
	waiting atomic.Bool
	closed  atomic.Bool
	idle    chan struct{} // holds a token when a leaver saw nobody left
	hurried chan struct{} // closed when nobody may wait any longer
	hurry   sync.Once

	mu   sync.Mutex
	kept chan struct{} // of the linger that goes on; closed to call it off
}

const inflightShards = 32

type inflightShard struct {
	n atomic.Int64
	_ [56]byte // the rest of a cache line
}

func (f *inflight) init() {
	f.idle, f.hurried = make(chan struct{}, 1), make(chan struct{})
}

// enter counts a request in; ok is false where it came too late.
func (f *inflight) enter() (at uint32, ok bool) {
	at = rand.Uint32() % inflightShards //nolint:gosec // picks a cache line, not a secret
	f.shards[at].n.Add(1)
	if f.closed.Load() {
		f.leave(at)
		return 0, false
	}
	return at, true
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

func (f *inflight) giveUp() { f.hurry.Do(func() { close(f.hurried) }) }

// announce says that a linger is about to begin: keep calls it off from now on.
func (f *inflight) announce() chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.kept = make(chan struct{})
	return f.kept
}

// linger waits so long for late requests, then lets no more in and waits for
// the last one to leave. It returns false where keep called it off meanwhile:
// everything goes on as before then. A hurry ends the waiting.
func (f *inflight) linger(kept chan struct{}, so time.Duration) bool {
	late := time.NewTimer(so)
	defer late.Stop()
	select {
	case <-kept:
		return false
	case <-late.C:
	case <-f.hurried:
	}
	return f.shut(kept)
}

func (f *inflight) shut(kept chan struct{}) bool {
	f.mu.Lock()
	if f.kept != kept {
		f.mu.Unlock()
		return false
	}
	f.closed.Store(true)
	f.mu.Unlock()
	f.waiting.Store(true)
	for f.count() > 0 {
		select {
		case <-f.idle:
		case <-f.hurried:
			return true
		}
	}
	return true
}

// keep calls a linger off; false where it is too late for that.
func (f *inflight) keep() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed.Load() {
		return false
	}
	if f.kept != nil {
		close(f.kept)
		f.kept = nil
	}
	return true
}
