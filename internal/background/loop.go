package background

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// Loop does one job again and again: every interval, and whenever it is
// kicked. Runs never overlap. All methods may be called concurrently, twice,
// and in the wrong order; only the job itself must not call Start or Stop.
type Loop struct {
	job      func(context.Context)
	interval atomic.Int64
	kicked   chan struct{} // holds what was asked for and not done yet
	retimed  chan struct{}

	mu      sync.Mutex
	current *running // nil before the first Start
}

// running is one goroutine of a loop.
type running struct {
	ctx    context.Context // ends when the goroutine is to end
	cancel context.CancelFunc
	ended  chan struct{}
}

// NewLoop makes a loop that does nothing until it is started. The job's context
// ends when the loop is stopped: a job that must not be cut short works under
// context.WithoutCancel and a timeout of its own. An interval of 0 or less
// leaves the loop to kicks.
func NewLoop(interval time.Duration, job func(context.Context)) *Loop {
	l := &Loop{job: job, kicked: make(chan struct{}, 1), retimed: make(chan struct{}, 1)}
	l.interval.Store(int64(interval))
	return l
}

// Start begins, and returns at once; the first run comes one interval later.
// The end of ctx stops the loop as Stop does. A loop that runs already goes on
// as it was; one that was stopped begins anew, once its last run is over.
func (l *Loop) Start(ctx context.Context) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.current != nil {
		if l.current.ctx.Err() == nil {
			return
		}
		<-l.current.ended
	}
	r := &running{ended: make(chan struct{})}
	r.ctx, r.cancel = context.WithCancel(ctx)
	l.current = r
	go l.run(r)
}

// Stop ends the loop, and returns once its last run is over. Without a Start
// before, there is nothing to end.
func (l *Loop) Stop() {
	l.mu.Lock()
	r := l.current
	l.mu.Unlock()
	if r == nil {
		return
	}
	r.cancel()
	<-r.ended
}

// Kick asks for a run at once; asked several times before it begins, it is one
// run. A loop that isn't running does it first thing after its Start.
func (l *Loop) Kick() { signal(l.kicked) }

// SetInterval changes the time between runs, counted from now.
func (l *Loop) SetInterval(interval time.Duration) {
	if l.interval.Swap(int64(interval)) != int64(interval) {
		signal(l.retimed)
	}
}

func signal(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default: // one is waiting already
	}
}

func (l *Loop) run(r *running) {
	defer close(r.ended)
	defer r.cancel()
	ticker := time.NewTicker(time.Hour)
	defer ticker.Stop()
	l.retime(ticker)
	for {
		select {
		case <-r.ctx.Done():
			return
		case <-l.retimed:
			l.retime(ticker)
			continue
		case <-l.kicked:
		case <-ticker.C:
		}
		if r.ctx.Err() != nil {
			return // both were ready, and select chose at random
		}
		l.job(r.ctx)
	}
}

func (l *Loop) retime(ticker *time.Ticker) {
	if interval := time.Duration(l.interval.Load()); interval > 0 {
		ticker.Reset(interval)
	} else {
		ticker.Stop()
	}
}
