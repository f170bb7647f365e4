package redis

import (
	"time"

	"github.com/keystile/keystile/internal/limit"
)

// call is one exchange with Redis about one bucket. There is one at a time, and
// whoever needs it waits for the same.
type call struct {
	done chan struct{} // closed once it has come back, or failed
	sent limit.Instant
	era  uint64
	held int64 // what the node said that it keeps
	// settles says that it tells Redis of a time without it.
	settles bool
}

const (
	// maxPause is how long at most nobody asks again for a bucket that was found
	// empty. What it refills meanwhile is granted together.
	maxPause = int64(4 * time.Millisecond)
	// pausesInWindow bounds that for buckets that refill quickly.
	pausesInWindow = 64
)

// compose writes down what a call says. The caller holds the lock.
func (l *Limiter) compose(c *cell, now limit.Instant) arguments {
	lease := &c.lease
	era := l.link.era.Load()
	c.usable(now, era)
	lease.measure(now)
	a := arguments{key: c.key, interval: c.interval, burst: c.burst(), held: lease.held, back: lease.back, seq: l.seq.Add(1), epoch: l.link.epoch()}
	slice := c.slice(l.link.present.Load())
	wanted := slice - lease.held
	c.low = slice / 2
	switch {
	case c.waiting > 0:
		a.need = max(0, c.least-lease.held)
		a.want = max(a.need, c.waiting+wanted)
	case now-lease.last >= idleAfter:
		a.held, a.back = 0, lease.back+lease.held
	default:
		a.need, a.want = 1, max(0, wanted)
	}
	if c.share != nil {
		c.call.settles, a.settles = true, true
		a.left, a.borrowed = c.share.handOver(l.link.apart.read(now), era)
	}
	lease.held, lease.back = a.held, 0
	c.call.sent, c.call.era, c.call.held = now, era, a.held
	return a
}

// settle takes over what Redis answered by now. The caller holds the lock.
func (c *cell) settle(a answer, now limit.Instant) {
	sent := c.call
	if c.share != nil && c.share.used {
		return // too late: the node enforces its share, and Redis takes the lease as spent
	}
	c.share = nil
	lost := sent.held - a.kept // where Redis knew of less: after a jump of its clock
	c.lease.held = max(0, c.lease.held-lost)
	spent := a.kept - c.lease.held
	c.lease.held += a.granted
	c.lease.told = a.kept + a.granted
	c.lease.era, c.lease.until = sent.era, sent.sent+localTerm
	if spent > 0 {
		c.lease.since = sent.sent
	}
	c.view = view{known: true, at: sent.sent, heard: now, level: a.level, out: a.out, share: a.share}
	c.pause = 0
	if a.granted > 0 && a.level < c.interval {
		c.pause = sent.sent + limit.Instant(min(maxPause, c.window/pausesInWindow))
	}
}
