package redis

import (
	"time"

	"github.com/keystile/keystile/internal/limit"
)

const (
	// term is for how long a slice is leased. Here it ends a hundredth and a
	// millisecond sooner than in Redis: clocks don't run equally fast.
	term      = 2 * time.Second
	localTerm = limit.Instant(term - term/100 - time.Millisecond)
	// idleAfter is how long a slice may lie unused before it is given back.
	idleAfter = limit.Instant(300 * time.Millisecond)
	// ahead is the demand that a slice is to serve.
	ahead = 100 * time.Millisecond
)

// lease is what this node may spend of a bucket.
type lease struct {
	era   uint64        // of the epoch that it was granted in
	until limit.Instant // it ends
	held  int64         // units in hand
	back  int64         // units to be given back: they were leased under another rate
	told  int64         // units that Redis counts as leased: those in hand, and those spent since
	last  limit.Instant // when some were last spent
	since limit.Instant // when the first was spent that Redis counts still

	spent  int64         // since the demand was last measured
	from   limit.Instant // when that was
	demand float64       // units in a nanosecond
}

// drop ends a lease: Redis takes it as spent.
func (l *lease) drop() { l.held, l.back, l.told = 0, 0, 0 }

// measure brings the demand up to date: an average in which the latest tenth of
// a second weighs most.
func (l *lease) measure(now limit.Instant) {
	passed := float64(now - l.from)
	if passed < float64(ahead)/20 {
		return
	}
	rate, weight := float64(l.spent)/passed, passed/(passed+float64(ahead))
	l.demand += (rate - l.demand) * weight
	l.spent, l.from = 0, now
}

// slice is how many units a node should hold: what it needs for a tenth of a
// second, and a sixteenth of the bucket at least; but no more than an eighth
// where there are others. Where there are none, it may be half of it, if that
// refills within a second: what a node holds that is killed is lost.
func (c *cell) slice(present int64) int64 {
	burst := c.burst()
	wanted := max(int64(c.lease.demand*float64(ahead)), burst/16)
	if present <= 1 {
		return min(wanted, burst/2, max(burst/8, int64(time.Second)/c.interval))
	}
	return min(wanted, burst/8, burst/(2*present)) // it can refill beside them
}
