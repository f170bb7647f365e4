package keycache

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"

	"github.com/keystile/keystile/internal/keys"
)

// flights lets one read of the store answer everybody who waits for the same
// secret.
type flights[V any] struct {
	mu  sync.Mutex
	now map[keys.Fingerprint]*flight[V]
}

// flight is one read, under way or about to be.
type flight[V any] struct {
	done  chan struct{}
	begun bool // guarded by flights.mu: the read may have been sent
	entry *entry[V]
	sent  uint64 // what the fence had moved before the read was sent
	err   error
}

// join waits for a read of fp, starting one where none can be joined. With
// fresh, only a read that is sent after this call counts.
func (g *flights[V]) join(ctx context.Context, fp keys.Fingerprint, fresh bool, read func() (*entry[V], uint64, error)) (e *entry[V], sent uint64, err error) {
	f := g.board(fp, fresh, read)
	select {
	case <-f.done:
		return f.entry, f.sent, f.err
	case <-ctx.Done():
		return nil, 0, ctx.Err()
	}
}

func (g *flights[V]) board(fp keys.Fingerprint, fresh bool, read func() (*entry[V], uint64, error)) *flight[V] {
	g.mu.Lock()
	defer g.mu.Unlock()
	before := g.now[fp]
	if before != nil && !(fresh && before.begun) {
		return before
	}
	f := &flight[V]{done: make(chan struct{})}
	if g.now == nil {
		g.now = map[keys.Fingerprint]*flight[V]{}
	}
	g.now[fp] = f
	go g.fly(fp, f, before, read)
	return f
}

// sheltered makes a panic an error: in this goroutine, it would end the process
// for everybody.
func sheltered[V any](read func() (*entry[V], uint64, error)) (e *entry[V], sent uint64, err error) {
	defer func() {
		if fault := recover(); fault != nil {
			e, err = nil, fmt.Errorf("reading the store panicked (%T): %s", fault, debug.Stack())
		}
	}()
	return read()
}

// fly runs one read to its end, after the one before it: its own goroutine, so
// that a client who gives up takes nobody else's answer along. read bounds its
// own time.
func (g *flights[V]) fly(fp keys.Fingerprint, f, before *flight[V], read func() (*entry[V], uint64, error)) {
	if before != nil {
		<-before.done
	}
	g.mu.Lock()
	f.begun = true
	g.mu.Unlock()

	f.entry, f.sent, f.err = sheltered(read)

	g.mu.Lock()
	if g.now[fp] == f {
		delete(g.now, fp)
	}
	g.mu.Unlock()
	close(f.done)
}
