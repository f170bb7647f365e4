package redis

import (
	"sync"
	"time"

	"github.com/keystile/keystile/internal/limit"
)

// apart is the clock by which shares refill: it runs only while Redis certainly
// doesn't count this node as present, and refills nothing on its behalf; and
// slower than this node's, which may run too fast.
type apart struct {
	mu     sync.Mutex
	past   limit.Instant // for how long it has run
	from   limit.Instant // from when on it runs again
	origin limit.Instant // what it said when it was last halted
}

// margin is how long a clock that runs fast, by a hundredth at most, may say that
// so long a time was.
func margin(d time.Duration) limit.Instant { return limit.Instant(d + d/100) }

// surely is how long it was at least, where a clock says that it was so long.
func surely(d limit.Instant) limit.Instant { return d - (d+100)/101 }

// read is what it says.
func (a *apart) read(now limit.Instant) limit.Instant {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.at(now)
}

func (a *apart) at(now limit.Instant) limit.Instant { return a.past + surely(max(0, now-a.from)) }

// halt stops it from now until a later time: what is being sent may have Redis
// count this node until then, or take over what has refilled.
func (a *apart) halt(now, until limit.Instant) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.past = a.at(now)
	a.origin, a.from = a.past, max(a.from, now, until)
}

// since is how long it has run since it was last halted.
func (a *apart) since(now limit.Instant) limit.Instant {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.at(now) - a.origin
}

// translate puts what a decision by this clock says of times in terms of the
// node's: a bucket begins to refill later, and takes longer.
func (a *apart) translate(d *limit.Decision, now limit.Instant) {
	a.mu.Lock()
	pause := toDuration(int64(max(0, a.from-now)))
	a.mu.Unlock()
	after := func(t time.Duration) time.Duration {
		if t <= 0 {
			return t
		}
		return pause + toDuration(int64(margin(t))) + 1
	}
	d.RetryAfter = after(d.RetryAfter)
	for i := range d.Count {
		s := &d.States[i]
		s.Reset, s.RetryAfter = after(s.Reset), after(s.RetryAfter)
	}
}
