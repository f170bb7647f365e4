package events

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/keystile/keystile/internal/background"
)

const (
	// room is how many events wait at most for a handler that is slow.
	room = 1024
	// lastWord is how long Stop waits for a handler that doesn't heed its
	// context. One that never returns must not keep a process from its end.
	lastWord = time.Second
	// complainEvery bounds how often the log says that events are dropped.
	complainEvery = time.Minute
)

// Config is what a Queue is made of.
type Config struct {
	// Sink is the one in force; nil: nobody listens.
	Sink    func() Sink
	Dropped *atomic.Int64
	Now     func() time.Time
	Log     *slog.Logger
}

// Queue hands events to the sink in force, one after the other, so that nobody
// but itself waits for a handler.
type Queue struct {
	cfg        Config
	waiting    chan Event
	loop       *background.Loop
	complained atomic.Int64 // nanoseconds since 1970
}

// NewQueue makes a queue that hands nothing on until it is started.
func NewQueue(cfg Config) *Queue {
	q := &Queue{cfg: cfg, waiting: make(chan Event, room)}
	q.loop = background.NewLoop(0, q.handOn)
	return q
}

// Start begins to hand on. Starting again changes nothing.
func (q *Queue) Start(ctx context.Context) { q.loop.Start(ctx) }

// Stop ends that. What waits still is dropped.
func (q *Queue) Stop() {
	q.loop.Stop()
	for {
		select {
		case <-q.waiting:
			q.cfg.Dropped.Add(1)
		default:
			return
		}
	}
}

// Wants reports whether anybody would hear of an event.
func (q *Queue) Wants(name Name) bool {
	sink := q.cfg.Sink()
	return sink != nil && sink.Wants(name)
}

// Offer queues an event. It never waits: where there is no room, the event is
// dropped, and counted.
func (q *Queue) Offer(e Event) {
	select {
	case q.waiting <- e:
		q.loop.Kick()
	default:
		q.drop(e)
	}
}

// Put queues an event, and waits for room until ctx ends.
func (q *Queue) Put(ctx context.Context, e Event) error {
	select {
	case q.waiting <- e:
		q.loop.Kick()
		return nil
	case <-ctx.Done():
		return fmt.Errorf("queue an event: %w", ctx.Err())
	}
}

func (q *Queue) handOn(ctx context.Context) {
	for ctx.Err() == nil {
		select {
		case e := <-q.waiting:
			q.deliver(ctx, e)
		default:
			return
		}
	}
}

// deliver hands an event to the sink in force. Where that one's configuration
// ends meanwhile, the next one's handlers hear of it.
func (q *Queue) deliver(ctx context.Context, e Event) {
	sink := q.cfg.Sink()
	for sink != nil {
		if q.emit(ctx, sink, e) {
			return
		}
		next := q.cfg.Sink()
		if ctx.Err() != nil || next == sink {
			break
		}
		sink = next
	}
	if sink != nil {
		q.drop(e)
	}
}

// emit has handlers work in a goroutine that can be left behind.
func (q *Queue) emit(ctx context.Context, sink Sink, e Event) (taken bool) {
	done := make(chan bool, 1)
	go func() {
		taken := true // a handler that panics has been asked
		defer func() {
			if fault := recover(); fault != nil {
				q.cfg.Log.Error("an event's handler panicked", "event", string(e.Name), "type", fmt.Sprintf("%T", fault), "stack", string(debug.Stack()))
			}
			done <- taken
		}()
		taken = sink.Emit(ctx, e)
	}()
	select {
	case taken = <-done:
		return taken
	case <-ctx.Done():
	}
	timer := time.NewTimer(lastWord)
	defer timer.Stop()
	select {
	case taken = <-done:
		return taken
	case <-timer.C:
		q.cfg.Log.Warn("an event's handler goes on though its time is over", "event", string(e.Name))
		return true
	}
}

func (q *Queue) drop(e Event) {
	q.cfg.Dropped.Add(1)
	last, now := q.complained.Load(), q.cfg.Now().UnixNano()
	if (last == 0 || now-last >= int64(complainEvery)) && q.complained.CompareAndSwap(last, now) {
		q.cfg.Log.Warn("events are dropped: their handlers are too slow, or their configuration has ended", "event", string(e.Name))
	}
}
