// Package local is the limiter of a single node: all buckets are in its
// memory.
package local

import (
	"context"
	"time"

	"github.com/keystile/keystile/internal/limit"
	"github.com/keystile/keystile/internal/limit/subjects"
)

// overtaking is how much older than its predecessor a request may be and still
// count as late rather than as proof that the clock was set back. Requests for
// a key that is being looked up wait for the store, two seconds at most, and
// arrive in any order.
const overtaking = 5 * time.Second

// Limiter keeps the buckets of all subjects. A subject that was used takes
// about 110 bytes until Sweep finds its buckets full again.
type Limiter struct {
	start time.Time
	table *subjects.Table[buckets]
}

// New makes a limiter. start is any recent reading of the clock that the times
// given to Take come from: where both have a monotonic reading, setting the
// wall clock changes nothing for anybody.
func New(start time.Time) *Limiter {
	return &Limiter{start: start, table: subjects.NewTable[buckets]()}
}

// Sweep forgets the subjects whose buckets are all full again at now. It may
// run beside any Take; the caller schedules it.
func (l *Limiter) Sweep(now time.Time) {
	at := l.instant(now)
	l.table.Sweep(func(b *buckets) bool { return b.retire(at) })
}

// Len is how many subjects are in memory.
func (l *Limiter) Len() int { return l.table.Len() }

func newBuckets() *buckets { return new(buckets) }

func (l *Limiter) instant(now time.Time) limit.Instant {
	return limit.Instant(now.Sub(l.start))
}

// Take implements limit.Limiter. It never waits longer than for the other
// requests of the same subject, which hold their lock for well under a
// microsecond. Nothing is kept for a subject before it is asked for a limit.
func (l *Limiter) Take(_ context.Context, of limit.Subject, limits []*limit.Limit, cost limit.Cost, now time.Time) (limit.Decision, error) {
	if len(limits) == 0 {
		return limit.Decision{Granted: true}, nil
	}
	if err := limit.CheckCount(limits); err != nil {
		return limit.Decision{}, err
	}
	b := l.lock(of)
	defer b.mu.Unlock()
	return b.take(limits, cost, l.instant(now)), nil
}

// Approach implements limit.Limiter.
func (l *Limiter) Approach(by *limit.Way) {
	if b, _ := by.To().(*buckets); b != nil {
		b.near.Load()
	}
}

// lock returns the subject's one live set of buckets, locked. The way may have
// outlived those that it leads to, and then leads to those that took their place.
func (l *Limiter) lock(of limit.Subject) *buckets {
	b, _ := of.Way.To().(*buckets)
	for {
		if b != nil {
			b.mu.Lock()
			if !b.swept {
				return b
			}
			b.mu.Unlock()
		}
		b = l.table.Resolve(of.ID, newBuckets)
		of.Way.Set(b)
	}
}
