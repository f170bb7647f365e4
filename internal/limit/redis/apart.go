package redis

import (
	"sync"
	"time"

	"github.com/keystile/keystile/internal/limit"
)

// apart is the clock by which shares refill: it runs only while Redis certainly
// doesn't count this node as present, and refills nothing on its behalf.
type apart struct {
	mu     sync.Mutex
	past   limit.Instant // for how long it has run
	from   limit.Instant // from when on it runs again
	origin limit.Instant // what it said when it was last halted
}

// margin is by how much clocks may differ over so long a time.
func margin(d time.Duration) limit.Instant { return limit.Instant(d + d/100) }

// read is what it says.
func (a *apart) read(now limit.Instant) limit.Instant {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.at(now)
}

func (a *apart) at(now limit.Instant) limit.Instant { return a.past + max(0, now-a.from) }

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
