package usage

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// errStopping is the answer to whoever asks for a flush that the last one
// leaves no time for.
var errStopping = errors.New("usage is flushed for the last time")

// rounds has all who ask for a flush while one is under way share the next. A
// flush that has begun says nothing of what was counted since: nobody joins it.
type rounds struct {
	mu      sync.Mutex
	next    *round // not begun; nil: nobody asks for one
	serving bool   // a goroutine takes one round after the other
}

// round is one flush, for all who wait for it.
type round struct {
	done chan struct{}
	err  error // holds once done is closed
}

// join returns a round that hasn't begun. Where nobody is serving, the caller
// has to see to it.
func (r *rounds) join() (next *round, serve bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.next == nil {
		r.next = &round{done: make(chan struct{})}
	}
	serve, r.serving = !r.serving, true
	return r.next, serve
}

// begin closes the next round to those who come later. Where there is none, it
// returns nil, and whoever serves is to end.
func (r *rounds) begin() *round {
	r.mu.Lock()
	defer r.mu.Unlock()
	next := r.next
	r.next, r.serving = nil, next != nil
	return next
}

// dismiss ends the next round before it has begun.
func (r *rounds) dismiss(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.next != nil {
		r.next.end(err)
		r.next = nil
	}
}

func (r *round) end(err error) {
	r.err = err
	close(r.done)
}

// Flush writes now what was counted before the call, and returns once the
// store has it. ctx bounds the wait alone: the flush goes on without it, and
// all who ask while another is under way share one. What could not be written
// is kept for the next.
func (f *Flusher) Flush(ctx context.Context) error {
	r, serve := f.rounds.join()
	if serve {
		go f.serve(context.WithoutCancel(ctx))
	}
	select {
	case <-r.done:
		return r.err
	case <-ctx.Done():
		return fmt.Errorf("flush usage: wait for the store: %w", ctx.Err())
	}
}

// serve flushes until nobody asks for it any more.
func (f *Flusher) serve(ctx context.Context) {
	for f.serveOne(ctx) {
	}
}

func (f *Flusher) serveOne(ctx context.Context) (served bool) {
	f.turn <- struct{}{}
	defer f.yield()
	r := f.rounds.begin()
	if r == nil {
		return false
	}
	r.end(errors.Join(f.replayOnce(ctx), f.flush(ctx)))
	return true
}
