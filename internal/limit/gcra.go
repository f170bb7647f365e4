package limit

import (
	"math"
	"math/bits"
	"time"
)

// Instant is a moment in nanoseconds of the caller's clock, from whatever
// origin that clock has.
type Instant int64

// lastInstant leaves room above it for any window to be added.
const lastInstant = Instant(math.MaxInt64) - 2*Instant(MaxWindow)

// Bucket is a Rate in the whole nanoseconds that a request computes with. A
// bucket's whole state is the Instant at which it is full again; one that was
// never used is full.
type Bucket struct {
	interval int64 // in which one unit refills
	burst    int64
}

// Bucket prepares the rate for computing.
func (r Rate) Bucket() Bucket {
	interval := r.interval()
	burst := min(max(1, r.Burst), int64(MaxWindow)/interval)
	return Bucket{interval: interval, burst: burst}
}

// Window is how long the bucket takes to fill when it is empty.
func (b Bucket) Window() time.Duration { return time.Duration(b.window()) }

// window is the time in which all units refill.
func (b Bucket) window() int64 { return b.burst * b.interval }

// Burst is what a full bucket holds.
func (b Bucket) Burst() int64 { return b.burst }

// Interval is how long one unit takes to refill.
func (b Bucket) Interval() time.Duration { return time.Duration(b.interval) }

// Outcome is one bucket's answer to one cost.
type Outcome struct {
	Granted    bool
	Remaining  int64         // whole units left
	Reset      time.Duration // until the bucket is full again
	RetryAfter time.Duration // until the same cost is granted; 0 when granted, at most the window
}

// Take asks for cost and spends it if it is there. It returns the state to
// keep, which differs from the one before also where a denied request found a
// clock that had been set back. A cost of 0 looks without spending. A cost
// above the burst is never granted; its RetryAfter is the window, since there
// is no better time to tell.
func (b Bucket) Take(fullAt, now Instant, cost Cost) (Instant, Outcome) {
	now = min(now, lastInstant)
	used := b.used(fullAt, now)
	wait := b.wait(used, cost)
	if wait == 0 {
		used += b.span(cost)
	}
	return now + Instant(used), Outcome{
		Granted:    wait == 0,
		Remaining:  (b.window() - used) / b.interval,
		Reset:      time.Duration(used),
		RetryAfter: time.Duration(wait),
	}
}

// used is how much of the window is spent at now. A state further in the
// future than an empty bucket's comes from before the clock was set back: the
// bucket is then empty, not closed until the clock has caught up.
func (b Bucket) used(fullAt, now Instant) int64 {
	switch {
	case fullAt <= now:
		return 0
	case fullAt > now+Instant(b.window()):
		return b.window()
	}
	return int64(fullAt - now)
}

// wait is how long after now the cost is granted; 0 when it is granted now.
func (b Bucket) wait(used int64, cost Cost) int64 {
	if int64(cost) > b.burst {
		return b.window()
	}
	return max(0, used+b.span(cost)-b.window())
}

// span is the part of the window that cost takes up, for a cost of at most the
// burst. A negative cost gives nothing back.
func (b Bucket) span(cost Cost) int64 { return max(0, int64(cost)) * b.interval }

// Carry returns the state in which this bucket starts when it takes the place
// of another: as much is spent of it as was of the other, at most everything.
func (b Bucket) Carry(from Bucket, fullAt, now Instant) Instant {
	now = min(now, lastInstant)
	hi, lo := bits.Mul64(uint64(from.used(fullAt, now)), uint64(b.interval))
	lo, carry := bits.Add64(lo, uint64(from.interval)-1, 0) // round up
	hi += carry
	if hi >= uint64(from.interval) {
		return now + Instant(b.window())
	}
	spent, _ := bits.Div64(hi, lo, uint64(from.interval))
	return now + Instant(min(spent, uint64(b.window())))
}

// Latest returns the time to reckon with when a request says now and latest is
// the newest time reckoned with before. Requests overtake one another between
// reading the clock and arriving here, and must not refill a bucket by going
// back and forth; a clock that lags by more than tolerance was set back, and is
// believed.
func Latest(latest, now Instant, tolerance time.Duration) Instant {
	now = min(now, lastInstant)
	if now < latest && latest <= now+Instant(tolerance) {
		return latest
	}
	return now
}
