package events_test

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/keystile/keystile/internal/events"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// listener is a sink that remembers what it was told.
type listener struct {
	mu    sync.Mutex
	heard []events.Name
	hold  chan struct{} // each event waits for it; nil: none does
	deaf  atomic.Bool   // its configuration has ended
	loud  bool          // it panics
}

func (l *listener) Wants(events.Name) bool { return true }

func (l *listener) Emit(ctx context.Context, e events.Event) bool {
	if l.loud {
		panic("a handler")
	}
	if l.hold != nil {
		select {
		case <-l.hold:
		case <-ctx.Done():
			return false
		}
	}
	if l.deaf.Load() {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.heard = append(l.heard, e.Name)
	return true
}

func (l *listener) want(t *testing.T, names ...events.Name) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	if !slices.Equal(l.heard, names) {
		t.Errorf("heard %q, want %q", l.heard, names)
	}
}

// fixture is a queue whose sink is set by the test.
type fixture struct {
	*events.Queue
	sink    atomic.Pointer[listener]
	dropped atomic.Int64
}

func setup(t *testing.T, first *listener) *fixture {
	t.Helper()
	f := &fixture{}
	f.sink.Store(first)
	f.begin(t, func() events.Sink {
		if l := f.sink.Load(); l != nil {
			return l
		}
		return nil
	})
	return f
}

func (f *fixture) begin(t *testing.T, sink func() events.Sink) {
	f.Queue = events.NewQueue(events.Config{Sink: sink, Dropped: &f.dropped, Now: time.Now, Log: slog.New(slog.DiscardHandler)})
	f.Start(t.Context())
}

func (f *fixture) wantDropped(t *testing.T, n int64) {
	t.Helper()
	if got := f.dropped.Load(); got != n {
		t.Errorf("%d events were dropped, want %d", got, n)
	}
}
