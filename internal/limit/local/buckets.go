package local

import (
	"sync"
	"sync/atomic"

	"github.com/keystile/keystile/internal/limit"
)

// manyCells is how many limits a subject may have met before a sweep also
// clears single buckets out of a subject that is never idle. Only a
// configuration with many limits, or many reloads that change them, gets there.
const manyCells = 64

// buckets are those of one subject. A subject has one set at a time: the one
// in the table. A set that was swept is never used again. With one limit, as
// most subjects have, it fills a cache line.
type buckets struct {
	mu     sync.Mutex
	swept  bool
	near   atomic.Bool // read to have the cache line on its way
	latest limit.Instant
	first  cell // of none yet where it has no limit
}

// cell is the bucket of one limit.
type cell struct {
	limit.Cell
	limit *limit.Limit // as it was last asked for; a reload brings equal ones
	next  *cell        // of the same subject
}

// take spends from the buckets of limits, all or none. The caller holds mu.
func (b *buckets) take(limits []*limit.Limit, cost limit.Cost, now limit.Instant) limit.Decision {
	if b.first.limit != nil {
		now = limit.Latest(b.latest, now, overtaking)
	}
	b.latest = now
	var cells [limit.MaxLimits]*limit.Cell
	for i, l := range limits {
		cells[i] = &b.find(l, now).Cell
	}
	return limit.TakeAll(limits, cells[:len(limits)], cost, now)
}

// find returns a limit's cell, which it makes where there is none.
func (b *buckets) find(l *limit.Limit, now limit.Instant) *cell {
	for c := &b.first; c != nil; c = c.next {
		if c.limit == l {
			return c
		}
	}
	c := b.equal(l)
	if c == nil {
		c = b.add()
		c.Cell = limit.Cell{Bucket: l.Rate.Bucket(), FullAt: now}
	}
	c.limit = l
	b.inherit(c, now)
	return c
}

// equal returns the cell of a limit like this one; nil where there is none.
func (b *buckets) equal(l *limit.Limit) *cell {
	for c := b.cells(); c != nil; c = c.next {
		if *c.limit == *l {
			return c
		}
	}
	return nil
}

// cells returns the first cell that is a limit's; nil where none is.
func (b *buckets) cells() *cell {
	if b.first.limit == nil {
		return nil
	}
	return &b.first
}

// add makes room for one cell more.
func (b *buckets) add() *cell {
	if b.first.limit == nil {
		return &b.first
	}
	b.first.next = &cell{next: b.first.next}
	return b.first.next
}

// inherit sees to it that a limit which comes with a new configuration is
// spent at least as far as it was under the rates that it had before.
func (b *buckets) inherit(heir *cell, now limit.Instant) {
	for old := b.cells(); old != nil; old = old.next {
		if old != heir && old.limit.Name == heir.limit.Name && old.limit.Gate == heir.limit.Gate {
			heir.FullAt = max(heir.FullAt, heir.Bucket.Carry(old.Bucket, old.FullAt, now))
		}
	}
}

// retire marks the buckets as swept if all are full at now. Whoever still
// holds them finds the mark, and looks for the live ones: the key never has
// two sets to spend from.
func (b *buckets) retire(now limit.Instant) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	kept, filling := 0, false
	for c := b.cells(); c != nil; c = c.next {
		kept++
		filling = filling || c.FullAt > now
	}
	if filling && kept > manyCells {
		b.forget(now)
	}
	b.swept = !filling
	return b.swept
}

// forget takes out the buckets that are full at now; there is another one.
func (b *buckets) forget(now limit.Instant) {
	for b.first.FullAt <= now {
		b.first = *b.first.next
	}
	for at := &b.first.next; *at != nil; {
		if (*at).FullAt <= now {
			*at = (*at).next
		} else {
			at = &(*at).next
		}
	}
}
