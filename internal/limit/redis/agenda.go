package redis

import (
	"container/heap"
	"context"
	"sync"
	"time"

	"github.com/keystile/keystile/internal/background"
	"github.com/keystile/keystile/internal/limit"
)

// reportAfter is how long Redis may not know of what was spent, where the bucket
// can't refill for that.
const reportAfter = limit.Instant(20 * time.Millisecond)

// agenda sees to leases beside the requests: those that end, lie unused, or
// were spent without Redis knowing.
type agenda struct {
	limiter *Limiter
	loop    *background.Loop

	mu    sync.Mutex
	plans plans
	timer *time.Timer
}

// plan is when somebody's buckets are due.
type plan struct {
	at      limit.Instant
	buckets *buckets
}

type plans []plan

func (p plans) Len() int           { return len(p) }
func (p plans) Less(i, j int) bool { return p[i].at < p[j].at }
func (p plans) Swap(i, j int)      { p[i], p[j] = p[j], p[i] }
func (p *plans) Push(x any)        { *p = append(*p, x.(plan)) }
func (p *plans) Pop() any {
	last := len(*p) - 1
	x := (*p)[last]
	(*p)[last] = plan{}
	*p = (*p)[:last]
	return x
}

func (a *agenda) init(l *Limiter) {
	a.limiter = l
	a.loop = background.NewLoop(0, func(context.Context) { a.tend() })
}

func (a *agenda) begin(ctx context.Context) { a.loop.Start(ctx) }

func (a *agenda) end() {
	a.loop.Stop()
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.timer != nil {
		a.timer.Stop()
	}
}

// plan puts buckets on the agenda. The caller holds their lock.
func (a *agenda) plan(b *buckets, at limit.Instant) {
	b.planned = true
	a.mu.Lock()
	defer a.mu.Unlock()
	heap.Push(&a.plans, plan{at, b})
	if a.plans[0].at == at {
		a.wake(at)
	}
}

// wake has the loop run when the next plan is due. The caller holds the lock.
func (a *agenda) wake(at limit.Instant) {
	in := time.Duration(max(0, at-a.limiter.cfg.Clock()))
	if a.timer == nil {
		a.timer = time.AfterFunc(in, a.loop.Kick)
		return
	}
	a.timer.Reset(in)
}

// due takes what is due by now off the agenda.
func (a *agenda) due(now limit.Instant) (due []*buckets) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for len(a.plans) > 0 && a.plans[0].at <= now {
		due = append(due, heap.Pop(&a.plans).(plan).buckets)
	}
	if len(a.plans) > 0 {
		a.wake(a.plans[0].at)
	}
	return due
}

// tend sees to all buckets that are due.
func (a *agenda) tend() {
	now := a.limiter.cfg.Clock()
	for _, b := range a.due(now) {
		b.mu.Lock()
		b.planned = false
		if next := a.limiter.tend(b, now); next > 0 {
			a.plan(b, next)
		}
		b.mu.Unlock()
	}
}

// tend asks about the cells that are due, and returns when the next one is; 0:
// none. The caller holds the buckets' lock.
func (l *Limiter) tend(b *buckets, now limit.Instant) (next limit.Instant) {
	if l.link.phase() != joined {
		return 0
	}
	for _, c := range b.cells {
		c.usable(now, l.link.era.Load())
		if c.call != nil || c.share != nil || c.lease.told == 0 {
			continue
		}
		at := c.dueAt(now)
		if at <= now {
			l.post.send(b, c)
			continue
		}
		if next == 0 || at < next {
			next = at
		}
	}
	return next
}

// dueAt is when Redis is to be told of a lease: when it has lain unused, when
// half of its time is over, or when the bucket can't refill before.
func (c *cell) dueAt(now limit.Instant) limit.Instant {
	at := min(c.lease.last+idleAfter, c.lease.until-localTerm/2)
	if c.lease.told > c.lease.held && c.stalled(now+reportAfter) {
		at = min(at, c.lease.since+reportAfter)
	}
	return at
}
