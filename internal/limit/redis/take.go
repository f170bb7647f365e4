package redis

import (
	"context"
	"time"

	"github.com/keystile/keystile/internal/limit"
)

// Take implements limit.Limiter. What is in hand is spent without asking
// anybody; only where this node lacks what Redis may have, the request waits,
// and no longer than the configured patience. now isn't looked at: leases end by
// the limiter's own clock, which a request that waited for the store reads late.
func (l *Limiter) Take(ctx context.Context, of limit.Subject, limits []*limit.Limit, cost limit.Cost, _ time.Time) (limit.Decision, error) {
	if len(limits) == 0 {
		return limit.Decision{Granted: true}, nil
	}
	if err := limit.CheckCount(limits); err != nil {
		return limit.Decision{}, err
	}
	r := request{limits: limits, cost: max(0, int64(cost))}
	b := l.lock(of)
	now := l.cfg.Clock()
	r.gather(l, b)
	if r.spend(now, l.link.era.Load()) {
		d := r.granted(now)
		l.follow(b, &r, now)
		b.mu.Unlock()
		return d, nil
	}
	b.mu.Unlock()
	return l.wait(ctx, of, &r)
}

// Approach implements limit.Limiter. What a take needs is too far apart.
func (*Limiter) Approach(*limit.Way) {}

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
		b = l.table.Resolve(of.ID, func() *buckets { return &buckets{id: of.ID} })
		of.Way.Set(b)
	}
}

// follow sees to what comes after a spending: a slice that runs low is filled up
// before it has run out, and Redis is told, in a while. The caller holds the
// buckets' lock.
func (l *Limiter) follow(b *buckets, r *request, now limit.Instant) {
	for _, c := range r.each() {
		if c.lease.held < c.low && c.call == nil && now >= c.pause && c.stored(now) >= c.interval {
			l.post.send(b, c)
		}
	}
	if !b.planned {
		l.agenda.plan(b, now+reportAfter)
	}
}

// wait is the take of a request that lacks something.
func (l *Limiter) wait(ctx context.Context, of limit.Subject, r *request) (limit.Decision, error) {
	patience := patience{limit: l.cfg.Patience}
	defer patience.end()
	for {
		b := l.lock(of)
		now, phase, changed := l.cfg.Clock(), l.link.phase(), l.link.changes()
		r.gather(l, b)
		if r.spend(now, l.link.era.Load()) {
			d := r.granted(now)
			l.follow(b, r, now)
			b.mu.Unlock()
			return d, nil
		}
		if phase == away {
			d, again, err := l.takeShare(b, r, now)
			b.mu.Unlock()
			if again {
				continue
			}
			return d, err
		}
		var calls []*call
		if phase == joined {
			calls = l.ask(b, r, now)
		}
		if phase == joined && len(calls) == 0 || patience.over {
			defer b.mu.Unlock()
			if phase != joined && l.link.deny.Load() {
				return limit.Decision{}, limit.ErrUnavailable
			}
			return r.refused(now, l.link.era.Load()), nil
		}
		b.mu.Unlock()
		for _, one := range calls {
			patience.await(ctx, one.done, changed)
		}
		if phase != joined {
			patience.await(ctx, changed, nil)
		}
		l.unask(of, r, calls)
		if patience.over && phase == joined && ctx.Err() == nil {
			l.link.lose(errSlow)
		}
	}
}

// ask asks Redis for all that a request lacks. Where it is certain that one of
// the limits can't grant it, nobody is asked, and nothing is returned; but Redis
// is told once of what was spent, lest the time that the refusal names is too
// short.
func (l *Limiter) ask(b *buckets, r *request, now limit.Instant) (calls []*call) {
	era := l.link.era.Load()
	tells := false
	for _, c := range r.each() {
		if !c.lacks(r.cost, now, era) || c.call != nil || c.mayGrant(r.cost, now) {
			continue
		}
		if r.told || !c.untold(r.cost) {
			return nil
		}
		tells = true
	}
	r.told = r.told || tells
	for i, c := range r.each() {
		r.asked[i] = c.lacks(r.cost, now, era)
		if !r.asked[i] {
			continue
		}
		if c.waiting == 0 || r.cost < c.least {
			c.least = r.cost
		}
		c.waiting += r.cost
		calls = append(calls, l.post.send(b, c))
	}
	l.link.stats.Waits.Add(1)
	return calls
}

func (c *cell) lacks(cost int64, now limit.Instant, era uint64) bool {
	return c.usable(now, era) < cost || !c.view.known
}

// unask ends what ask began.
func (l *Limiter) unask(of limit.Subject, r *request, calls []*call) {
	if len(calls) == 0 {
		return
	}
	b := l.lock(of) // cells with somebody who waits are not swept
	defer b.mu.Unlock()
	for i, c := range r.each() {
		if r.asked[i] {
			c.waiting -= r.cost
			r.asked[i] = false
		}
	}
}

// patience bounds how long a request waits.
type patience struct {
	limit time.Duration
	timer *time.Timer
	over  bool
}

func (p *patience) end() {
	if p.timer != nil {
		p.timer.Stop()
	}
}

// await waits for either of two events, or until patience is over.
func (p *patience) await(ctx context.Context, one, other <-chan struct{}) {
	if p.over {
		return
	}
	if p.timer == nil {
		p.timer = time.NewTimer(p.limit)
	}
	select {
	case <-one:
	case <-other:
	case <-p.timer.C:
		p.over = true
	case <-ctx.Done():
		p.over = true
	}
}
