package limit

import "time"

// Cell is one bucket of one subject.
type Cell struct {
	Bucket Bucket
	FullAt Instant // the bucket's state
}

// TakeAll takes cost from every cell, or from none: if one of them denies, the
// others are as they were. limits and cells are in the same order, at most
// MaxLimits of them, and all different.
func TakeAll(limits []*Limit, cells []*Cell, cost Cost, now Instant) (d Decision) {
	d.Granted, d.Count = true, len(limits)
	var before [MaxLimits]Instant
	for i, c := range cells {
		var out Outcome
		before[i] = c.FullAt
		c.FullAt, out = c.Bucket.Take(c.FullAt, now, cost)
		d.set(i, limits[i], out)
	}
	if !d.Granted {
		d.giveBack(cells, before, now)
	}
	d.Closest = d.closest()
	return d
}

// Conclude makes one decision of what each limit answered. limits and outcomes
// are in the same order.
func Conclude(limits []*Limit, outcomes []Outcome) Decision {
	d := Decision{Granted: true, Count: len(limits)}
	for i, out := range outcomes {
		d.set(i, limits[i], out)
	}
	d.Closest = d.closest()
	return d
}

// Of is what a decision that only looked says of a cost: whether it would be
// granted, and what there is to take it from.
func (d Decision) Of(cost Cost) Decision {
	d.Granted, d.RetryAfter = true, 0
	for i := range d.Count {
		s := &d.States[i]
		bucket := s.Limit.Rate.Bucket()
		s.RetryAfter = time.Duration(bucket.wait(int64(s.Reset), cost))
		if s.Denied = s.RetryAfter > 0; s.Denied {
			d.Granted, d.RetryAfter = false, max(d.RetryAfter, s.RetryAfter)
		}
	}
	d.Closest = d.closest()
	return d
}

// set notes one limit's answer.
func (d *Decision) set(i int, l *Limit, out Outcome) {
	d.States[i] = State{
		Limit:      l,
		Remaining:  out.Remaining,
		Reset:      out.Reset,
		Denied:     !out.Granted,
		RetryAfter: out.RetryAfter,
	}
	if !out.Granted {
		d.Granted = false
		d.States[i].Remaining = 0
		d.RetryAfter = max(d.RetryAfter, out.RetryAfter)
	}
}

// giveBack restores the cells that granted what another refused.
func (d *Decision) giveBack(cells []*Cell, before [MaxLimits]Instant, now Instant) {
	for i, c := range cells {
		if d.States[i].Denied {
			continue
		}
		var out Outcome
		c.FullAt, out = c.Bucket.Take(before[i], now, 0)
		d.States[i].Remaining, d.States[i].Reset = out.Remaining, out.Reset
	}
}

// closest is the index of the state that the headline figures speak of.
func (d *Decision) closest() int {
	best := 0
	for i := 1; i < d.Count; i++ {
		if d.States[i].closerThan(d.States[best]) {
			best = i
		}
	}
	return best
}

// closerThan orders by how long a denial lasts, then by how little is left,
// then by how long the bucket takes to be full.
func (s State) closerThan(t State) bool {
	switch {
	case s.RetryAfter != t.RetryAfter:
		return s.RetryAfter > t.RetryAfter
	case s.Remaining != t.Remaining:
		return s.Remaining < t.Remaining
	}
	return s.Reset > t.Reset
}
