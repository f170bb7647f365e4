package local

import (
	"slices"
	"sync"

	"github.com/keystile/keystile/internal/limit"
)

// manyCells is how many limits a subject may have met before a sweep also
// clears single buckets out of a subject that is never idle. Only a
// configuration with many limits, or many reloads that change them, gets there.
const manyCells = 64

// buckets are those of one subject. A subject has one set at a time: the one
// in the table. A set that was swept is never used again.
type buckets struct {
	mu     sync.Mutex
	swept  bool
	latest limit.Instant
	cells  []cell
	first  [1]cell // room for the cells of most subjects, beside their lock
}

// cell is the bucket of one limit.
type cell struct {
	limit.Cell
	limit *limit.Limit // as it was last asked for; a reload brings equal ones
}

// take spends from the buckets of limits, all or none. The caller holds mu.
func (b *buckets) take(limits []*limit.Limit, cost limit.Cost, now limit.Instant) limit.Decision {
	if len(b.cells) > 0 {
		now = limit.Latest(b.latest, now, overtaking)
	}
	b.latest = now
	var at [limit.MaxLimits]int
	for i, l := range limits {
		at[i] = b.find(l, now)
	}
	var cells [limit.MaxLimits]*limit.Cell
	for i := range limits {
		cells[i] = &b.cells[at[i]].Cell // not before all are found: finding may move them
	}
	return limit.TakeAll(limits, cells[:len(limits)], cost, now)
}

// find returns the index of a limit's cell, which it makes where there is none.
func (b *buckets) find(l *limit.Limit, now limit.Instant) int {
	for i := range b.cells {
		if b.cells[i].limit == l {
			return i
		}
	}
	for i := range b.cells {
		if *b.cells[i].limit == *l {
			b.cells[i].limit = l
			b.inherit(i, now)
			return i
		}
	}
	b.cells = append(b.cells, cell{Cell: limit.Cell{Bucket: l.Rate.Bucket(), FullAt: now}, limit: l})
	b.inherit(len(b.cells)-1, now)
	return len(b.cells) - 1
}

// inherit sees to it that a limit which comes with a new configuration is
// spent at least as far as it was under the rates that it had before.
func (b *buckets) inherit(i int, now limit.Instant) {
	heir := &b.cells[i]
	for j := range b.cells {
		old := &b.cells[j]
		if j != i && old.limit.Name == heir.limit.Name && old.limit.Gate == heir.limit.Gate {
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
	if len(b.cells) > manyCells {
		b.cells = slices.DeleteFunc(b.cells, func(c cell) bool { return c.FullAt <= now })
	}
	b.swept = !slices.ContainsFunc(b.cells, func(c cell) bool { return c.FullAt > now })
	return b.swept
}
