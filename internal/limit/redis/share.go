package redis

import (
	"context"

	"github.com/keystile/keystile/internal/limit"
)

// share is this node's part of a bucket in a time without Redis: as much as its
// rate and burst are divided by the nodes that are known.
type share struct {
	limit.Cell
	rate  limit.Rate
	nodes int64
	// borrowed is what it began with beyond what the node had leased, in
	// nanoseconds of the whole bucket's refill.
	borrowed int64
	clock    *link
}

// partOf is the bucket of one of so many nodes.
func partOf(r limit.Rate, nodes int64) limit.Bucket {
	r.Per *= toDuration(nodes)
	r.Burst = max(1, r.Burst/nodes)
	return r.Bucket()
}

// shareClock is the time by which shares refill: not while Redis may still count
// this node as present, and refill the bucket on its behalf.
func (k *link) shareClock(now limit.Instant) limit.Instant {
	heard := limit.Instant(k.heard.Load())
	if heard == 0 {
		return now
	}
	trust := limit.Instant(k.limiter.cfg.Trust)
	return max(now, heard+trust+trust/100)
}

func (k *link) fleet() int64 { return max(1, k.known.Load(), k.nodes.Load()) }

// newShare begins with what the node holds of the bucket, and with its part of
// what it knows to be stored; of a bucket that it knows nothing of, with its
// whole part.
func (k *link) newShare(c *cell, now limit.Instant) *share {
	nodes := k.fleet()
	s := &share{rate: c.limit.Rate, nodes: nodes, clock: k}
	s.Bucket = partOf(s.rate, nodes)
	window := int64(s.Bucket.Window())
	level := window
	if c.view.known {
		level = min(window, c.lease.held*c.interval*nodes+max(0, c.surelyStored(now)))
	}
	s.FullAt = k.shareClock(now) + limit.Instant(window-level)
	s.borrowed = level/nodes - c.lease.held*c.interval
	c.lease.drop()
	return s
}

// follow takes over another rate or number of nodes: what was spent stays spent.
func (s *share) follow(rate limit.Rate, nodes int64, at limit.Instant) {
	if s.rate == rate && s.nodes == nodes {
		return
	}
	next := partOf(rate, nodes)
	s.FullAt = next.Carry(s.Bucket, s.FullAt, at)
	s.Bucket, s.rate, s.nodes = next, rate, nodes
}

// left is what it holds still, in nanoseconds of the whole bucket's refill.
func (s *share) left(at limit.Instant) int64 {
	return max(0, int64(s.Bucket.Window())-max(0, int64(s.FullAt-at))) / s.nodes
}

// inUse reports whether anything was spent of it that hasn't refilled.
func (s *share) inUse(now limit.Instant) bool {
	return s != nil && s.FullAt > s.clock.shareClock(now)
}

// takeShare answers without Redis. The caller holds the buckets' lock.
func (l *Limiter) takeShare(b *buckets, r *request, now limit.Instant) (limit.Decision, error) {
	if l.link.deny.Load() {
		return limit.Decision{}, limit.ErrUnavailable
	}
	l.link.shared.Store(true)
	at, nodes := l.link.shareClock(now), l.link.fleet()
	var cells [limit.MaxLimits]*limit.Cell
	for i, c := range r.each() {
		if c.share == nil {
			c.usable(now, l.link.era.Load())
			c.share = l.link.newShare(c, now)
			l.link.note(parcel{b, c})
		}
		c.share.follow(c.limit.Rate, nodes, at)
		c.lease.last = now
		cells[i] = &c.share.Cell
	}
	return limit.TakeAll(r.limits, cells[:len(r.limits)], limit.Cost(r.cost), at), nil
}

// note remembers a cell that Redis has to be told of.
func (k *link) note(p parcel) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.without[p.cell] = p.buckets
}

// forget is of cells that Redis needn't be told of any more.
func (k *link) forget(c *cell) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.without, c)
}

// noted takes some cells that Redis has to be told of.
func (k *link) noted() (parcels []parcel) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for c, b := range k.without {
		if len(parcels) == atOnce {
			break
		}
		parcels = append(parcels, parcel{b, c})
		delete(k.without, c)
	}
	return parcels
}

// settleShares tells Redis what was spent without it, before it counts this node
// as present again.
func (l *Limiter) settleShares(ctx context.Context) error {
	for parcels := l.link.noted(); len(parcels) > 0; parcels = l.link.noted() {
		if err := l.exchangeAlone(ctx, parcels); err != nil {
			for _, p := range parcels {
				l.link.note(p)
			}
			return err
		}
	}
	return nil
}

// exchangeAlone is exchange for cells that no request may ask about meanwhile.
func (l *Limiter) exchangeAlone(ctx context.Context, parcels []parcel) error {
	due := parcels[:0:0]
	for _, p := range parcels {
		p.await(ctx)
		p.buckets.mu.Lock()
		if p.cell.share != nil && p.cell.call == nil {
			p.cell.call = &call{done: make(chan struct{})}
			due = append(due, p)
		}
		p.buckets.mu.Unlock()
	}
	if len(due) == 0 {
		return nil
	}
	return l.exchange(ctx, due)
}

// giveBack returns all leases.
func (l *Limiter) giveBack(ctx context.Context) error {
	var due []parcel
	l.table.Sweep(func(b *buckets) bool {
		b.mu.Lock()
		defer b.mu.Unlock()
		for _, c := range b.cells {
			if c.lease.told > 0 && c.call == nil {
				c.call = &call{done: make(chan struct{})}
				c.lease.last = -idleAfter
				due = append(due, parcel{b, c})
			}
		}
		return false
	})
	for len(due) > 0 {
		n := min(atOnce, len(due))
		if err := l.exchange(ctx, due[:n]); err != nil {
			return err
		}
		due = due[n:]
	}
	return nil
}
