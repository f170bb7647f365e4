package redis

import (
	"time"

	"github.com/keystile/keystile/internal/limit"
)

// staleAfter is how old a view may be that says that there is nothing to have:
// others may have given back what they held.
const staleAfter = limit.Instant(500 * time.Millisecond)

// view is what Redis said of a bucket.
type view struct {
	known bool
	at    limit.Instant // when it was asked
	heard limit.Instant // when it answered: what it said was so at some time between
	level int64         // what was stored, in nanoseconds of refill
	out   int64         // units that were leased to anybody
	share float64       // how fast it refills, and how much of it there is: 1 is all
}

// stored is what is in Redis by now at most if nobody else takes from it, in
// nanoseconds of refill. A bucket that nobody has heard of is full.
func (c *cell) stored(now limit.Instant) int64 { return c.storedAfter(now - c.view.at) }

// surelyStored is the least that is in Redis by now if nobody else takes from it.
func (c *cell) surelyStored(now limit.Instant) int64 {
	return c.storedAfter(surely(max(0, now-c.view.heard)))
}

// storedAfter is what is stored so long after Redis spoke of it.
func (c *cell) storedAfter(passed limit.Instant) int64 {
	v := &c.view
	if !v.known {
		return c.window - c.lease.held*c.interval
	}
	room := c.window
	gained := int64(max(0, passed))
	if v.share < 1 {
		room, gained = int64(float64(room)*v.share), int64(float64(gained)*v.share)
	}
	room = max(0, room-v.out*c.interval)
	if v.level >= room || gained >= room-v.level {
		return room
	}
	return v.level + gained
}

// untold reports whether a cost can't refill before Redis is told of what was
// spent: it refills nothing in the place of what is leased.
func (c *cell) untold(cost int64) bool {
	if c.lease.told <= c.lease.held || cost > c.burst() {
		return false
	}
	return c.room()+c.lease.held*c.interval < cost*c.interval
}

// room is how much can be stored beside what is leased, in nanoseconds of refill.
func (c *cell) room() int64 {
	return int64(float64(c.window)*c.view.share) - c.view.out*c.interval
}

// stalled reports whether the bucket can't refill any further, so from now on,
// because Redis doesn't know what was spent.
func (c *cell) stalled(now limit.Instant) bool {
	return c.stored(now) >= c.room()
}

// stretch is how long it takes to refill so much.
func (v *view) stretch(missing int64) int64 {
	if !v.known || v.share >= 1 || v.share <= 0 {
		return missing
	}
	return int64(float64(missing) / v.share)
}

func toDuration(nanoseconds int64) time.Duration { return time.Duration(nanoseconds) }
