package redis

import (
	"sync"

	"github.com/keystile/keystile/internal/limit"
)

// buckets are those of one subject. A subject has one set at a time: the one
// in the table. A set that was swept is never used again.
type buckets struct {
	mu      sync.Mutex
	swept   bool
	planned bool // it is on the agenda
	id      string
	cells   []*cell
}

// forgetAfter is how long a subject may be unused before it is forgotten.
const forgetAfter = 5 * idleAfter

// find returns a limit's cell, which it makes where there is none.
func (b *buckets) find(l *Limiter, want *limit.Limit) *cell {
	for _, c := range b.cells {
		if c.limit == want {
			return c
		}
	}
	for _, c := range b.cells {
		if c.limit.Name == want.Name && c.limit.Gate == want.Gate {
			if c.limit.Rate != want.Rate {
				c.convert(want)
			}
			c.limit = want
			return c
		}
	}
	c := newCell(&l.cfg, b.id, want)
	b.cells = append(b.cells, c)
	return c
}

// retire marks the buckets as swept if nothing is lost by that. Whoever still
// holds them finds the mark, and looks for the live ones.
func (b *buckets) retire(l *Limiter, now limit.Instant) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range b.cells {
		if c.call != nil || c.waiting > 0 || now < c.lease.last+forgetAfter || c.lease.told > 0 && now < c.lease.until || l.link.needs(c, now) {
			return false
		}
	}
	for _, c := range b.cells {
		c.share = nil // it is whole again: Redis needn't be told
		l.link.forget(c)
	}
	b.swept = true
	return true
}

// request is one take, on its way through the cells that it takes from.
type request struct {
	limits []*limit.Limit
	cost   int64
	cells  [limit.MaxLimits]*cell
	asked  [limit.MaxLimits]bool // of which cells it asked Redis
	told   bool                  // Redis was told of what was spent, for its sake
}

// gather finds the request's cells. The caller holds the buckets' lock.
func (r *request) gather(l *Limiter, b *buckets) {
	for i, one := range r.limits {
		r.cells[i] = b.find(l, one)
	}
}

func (r *request) each() []*cell { return r.cells[:len(r.limits)] }

// spend takes the cost from what is in hand of all limits, or of none.
func (r *request) spend(now limit.Instant, era uint64) bool {
	for _, c := range r.each() {
		if c.usable(now, era) < r.cost || !c.view.known {
			return false
		}
	}
	for _, c := range r.each() {
		c.spend(r.cost, now)
	}
	return true
}

// granted is the answer to a request whose cost was spent.
func (r *request) granted(now limit.Instant) limit.Decision {
	var out [limit.MaxLimits]limit.Outcome
	for i, c := range r.each() {
		out[i] = c.look(now)
	}
	return limit.Conclude(r.limits, out[:len(r.limits)])
}

// refused is the answer to a request of which at least one cell lacks the cost.
func (r *request) refused(now limit.Instant, era uint64) limit.Decision {
	var out [limit.MaxLimits]limit.Outcome
	for i, c := range r.each() {
		if c.usable(now, era) < r.cost {
			out[i] = c.refuse(r.cost, now)
		} else {
			out[i] = c.look(now)
		}
	}
	return limit.Conclude(r.limits, out[:len(r.limits)])
}
