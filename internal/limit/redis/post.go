package redis

import (
	"context"
	"sync"
	"time"

	"github.com/keystile/keystile/internal/background"
)

const (
	// atOnce bounds how many buckets one round trip is about.
	atOnce = 128
	// couriers is how many round trips are under way at most.
	couriers = 2
	// leastReply is the bound of a round trip where requests wait less.
	leastReply = 250 * time.Millisecond
)

// post carries calls to Redis: those that come up while a round trip is under
// way go together with the next one.
type post struct {
	limiter  *Limiter
	couriers [couriers]*background.Loop

	mu    sync.Mutex
	queue []parcel
	next  int // of the couriers to wake
}

// parcel is a cell that is to be asked about.
type parcel struct {
	buckets *buckets
	cell    *cell
}

// await waits until no call about the cell is under way.
func (p parcel) await(ctx context.Context) {
	p.buckets.mu.Lock()
	under := p.cell.call
	p.buckets.mu.Unlock()
	if under == nil {
		return
	}
	select {
	case <-under.done:
	case <-ctx.Done():
	}
}

func (p *post) init(l *Limiter) {
	p.limiter = l
	for i := range p.couriers {
		p.couriers[i] = background.NewLoop(0, p.carry)
	}
}

func (p *post) begin(ctx context.Context) {
	for _, c := range p.couriers {
		c.Start(ctx)
	}
}

func (p *post) end() {
	for _, c := range p.couriers {
		c.Stop()
	}
}

// send has Redis asked about a cell, and returns the call. The caller holds the
// buckets' lock.
func (p *post) send(b *buckets, c *cell) *call {
	if c.call != nil {
		return c.call
	}
	c.call = &call{done: make(chan struct{})}
	p.mu.Lock()
	p.queue = append(p.queue, parcel{b, c})
	p.next = (p.next + 1) % couriers
	courier := p.couriers[p.next]
	p.mu.Unlock()
	courier.Kick()
	return c.call
}

func (p *post) fetch() []parcel {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := min(atOnce, len(p.queue))
	parcels := p.queue[:n:n]
	if p.queue = p.queue[n:]; len(p.queue) == 0 {
		p.queue = nil
	}
	return parcels
}

// carry empties the queue.
func (p *post) carry(ctx context.Context) {
	for parcels := p.fetch(); len(parcels) > 0; parcels = p.fetch() {
		if err := p.limiter.exchange(ctx, parcels); err != nil {
			p.limiter.link.lose(err)
		}
	}
}

// exchange asks Redis about some buckets in one round trip.
func (l *Limiter) exchange(ctx context.Context, parcels []parcel) error {
	all := make([]arguments, 0, len(parcels))
	for _, p := range parcels {
		p.buckets.mu.Lock()
		all = append(all, l.compose(p.cell, l.cfg.Clock()))
		p.buckets.mu.Unlock()
	}
	ctx, cancel := context.WithTimeout(ctx, l.cfg.replyWithin())
	defer cancel()
	answers, err := l.server.lease(ctx, all)
	now := l.cfg.Clock()
	for i, p := range parcels {
		p.buckets.mu.Lock()
		if err == nil {
			l.receive(p, answers[i], now)
		}
		if p.cell.call.settles && p.cell.share != nil {
			l.link.owe(p)
		}
		close(p.cell.call.done)
		p.cell.call = nil
		p.buckets.mu.Unlock()
	}
	l.link.stats.Exchanges.Add(int64(len(parcels)))
	return err
}

// receive takes over one answer.
func (l *Limiter) receive(p parcel, a answer, now instant) {
	switch a.kind {
	case settled:
		p.cell.settle(a, now)
		if !p.buckets.planned && p.cell.lease.told > 0 {
			l.agenda.plan(p.buckets, now+reportAfter)
		}
	case otherEpoch, notPresent:
		l.link.rejoin()
	}
}
