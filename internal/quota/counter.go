package quota

import (
	"sync"
	"time"
)

// Sums is what was used so far in the current hour, day and month.
type Sums [periods]int64

// Counter is what one subject (a workspace's keys of an environment, a key,
// a key on a route) has used.
type Counter struct {
	mu   sync.Mutex
	dead bool // forgotten by its table: another one may count by now
	read bool // what is stored has been summed up
	used [periods]span
	last time.Time // of the latest take

	reading *reading // of what is stored, that is under way; nil: none is

	shared *holdings // instead of used, where nodes share a ledger
}

// span is what was used in one period.
type span struct {
	start time.Time
	n     int64
}

// begin sets out from what is stored.
func (c *Counter) begin(sums Sums, now time.Time) {
	c.read, c.last = true, now
	for p := range c.used {
		c.used[p] = span{start: Period(p).Start(now), n: sums[p]}
	}
}

// Excess is the quota that a take would have passed, and for how long.
type Excess struct {
	Quota      Quota
	RetryAfter time.Duration
}

// take spends cost if every quota grants it, or nothing.
func (c *Counter) take(quotas []Quota, cost int64, now time.Time) (excess Excess, granted bool) {
	c.turn(now)
	for _, q := range quotas {
		if cost > q.Max-c.used[q.Period].n { // written so that no sum overflows
			wait := q.Period.End(now).Sub(now)
			if wait >= excess.RetryAfter {
				excess = Excess{Quota: q, RetryAfter: wait}
			}
		}
	}
	if excess.RetryAfter > 0 {
		return excess, false
	}
	for p := range c.used {
		c.used[p].n += cost
	}
	c.last = now
	return Excess{}, true
}

// turn begins the periods that now lies in. A clock that was set back stays in
// the later period: nobody gets a second allowance by it.
func (c *Counter) turn(now time.Time) {
	for p := range c.used {
		if start := Period(p).Start(now); start.After(c.used[p].start) {
			c.used[p] = span{start: start}
		}
	}
}

// giveBack undoes a take of the same time.
func (c *Counter) giveBack(cost int64, at time.Time) {
	for p := range c.used {
		if !Period(p).Start(at).Before(c.used[p].start) {
			c.used[p].n = max(0, c.used[p].n-cost)
		}
	}
}

// forgettable reports whether it can be had again, unless it was used since.
func (c *Counter) forgettable(since time.Time) bool {
	if c.shared != nil {
		return c.shared.idle() && c.last.Before(since)
	}
	return c.read && c.last.Before(since)
}
