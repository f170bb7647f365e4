package redis

import (
	"context"

	"github.com/keystile/keystile/internal/limit"
)

// share is this node's part of a bucket in a time without Redis: as much as its
// rate and burst are divided by the nodes that are known. It is on the clock of
// the time apart.
type share struct {
	limit.Cell
	rate  limit.Rate
	nodes int64
	era   uint64 // in which it began
	// borrowed is what it began with that Redis counts as stored, in nanoseconds
	// of the whole bucket's refill.
	borrowed int64
	used     bool // since Redis was last told of it
}

// partOf is the bucket of one of so many nodes.
func partOf(r limit.Rate, nodes int64) limit.Bucket {
	r.Per *= toDuration(nodes)
	r.Burst = max(1, r.Burst/nodes)
	return r.Bucket()
}

func (k *link) fleet() int64 { return max(1, k.known.Load(), k.nodes.Load()) }

// newShare begins with what the node holds of the bucket, and with what has
// refilled on its behalf. What is stored may have been taken by others
// meanwhile; only where there are none, it is this node's.
func (k *link) newShare(c *cell, now limit.Instant) *share {
	s := &share{rate: c.limit.Rate, nodes: k.fleet(), era: k.era.Load()}
	s.Bucket = partOf(s.rate, s.nodes)
	level := int64(k.apart.since(now))
	if stored, sure := k.storedAlone(c, now); sure {
		s.borrowed, level = stored, stored
	}
	s.set(level+c.lease.held*c.interval*s.nodes, k.apart.read(now))
	c.lease.drop()
	return s
}

// storedAlone is what is stored of a bucket, where that is sure: nobody else
// takes from it, or has since this node heard of it.
func (k *link) storedAlone(c *cell, now limit.Instant) (level int64, sure bool) {
	alone := limit.Instant(k.alone.Load())
	switch {
	case k.fleet() > 1:
		return 0, false
	case c.view.known && c.view.at > alone:
		return max(0, c.surelyStored(now)), true
	case alone == 0 || now-alone >= margin(toDuration(c.window)):
		return c.window - c.lease.held*c.interval, true
	}
	return 0, false
}

// set has it hold so much, in nanoseconds of its own refill.
func (s *share) set(level int64, at limit.Instant) {
	window := int64(s.Bucket.Window())
	s.FullAt = at + limit.Instant(window-min(level, window))
}

// follow takes over another rate: what was spent stays spent. With another
// number of nodes, what is left stays as it is: somebody who has left may have
// spent his part just before.
func (s *share) follow(rate limit.Rate, nodes int64, at limit.Instant) {
	if s.nodes != nodes {
		left := s.left(at)
		s.Bucket, s.nodes = partOf(s.rate, nodes), nodes
		s.set(left*nodes, at)
	}
	if s.rate != rate {
		next := partOf(rate, nodes)
		s.FullAt = next.Carry(s.Bucket, s.FullAt, at)
		s.Bucket, s.rate = next, rate
	}
}

// left is what it holds still, in nanoseconds of the whole bucket's refill.
func (s *share) left(at limit.Instant) int64 {
	return max(0, int64(s.Bucket.Window())-max(0, int64(s.FullAt-at))) / s.nodes
}

// handOver empties it: what is left is Redis's from when that is told, heard or
// not. It returns that, and what of Redis's it began with.
func (s *share) handOver(at limit.Instant, era uint64) (left, borrowed int64) {
	if s.era == era {
		borrowed = s.borrowed
	}
	left = s.left(at)
	s.set(0, at)
	s.used = false
	return left, borrowed
}

// inUse reports whether anything was spent of it that hasn't refilled.
func (s *share) inUse(at limit.Instant) bool { return s != nil && s.FullAt > at }

// needs reports whether a cell has to be remembered for a time without Redis. A
// node that is alone knows by it what is stored.
func (k *link) needs(c *cell, now limit.Instant) bool {
	if c.share.inUse(k.apart.read(now)) {
		return true
	}
	return k.fleet() == 1 && c.view.known && now < c.view.heard+margin(toDuration(c.window-c.view.level))
}

// takeShare answers without Redis. The caller holds the buckets' lock. again says
// that Redis is back.
func (l *Limiter) takeShare(b *buckets, r *request, now limit.Instant) (d limit.Decision, again bool, err error) {
	if l.link.deny.Load() {
		return limit.Decision{}, false, limit.ErrUnavailable
	}
	if !l.link.enforce(b, r.each()) {
		return limit.Decision{}, true, nil
	}
	at, nodes := l.link.apart.read(now), l.link.fleet()
	var cells [limit.MaxLimits]*limit.Cell
	for i, c := range r.each() {
		if c.share == nil {
			c.usable(now, l.link.era.Load())
			c.share = l.link.newShare(c, now)
		}
		c.share.follow(c.limit.Rate, nodes, at)
		c.share.used = true
		c.lease.last = now
		cells[i] = &c.share.Cell
	}
	d = limit.TakeAll(r.limits, cells[:len(r.limits)], limit.Cost(r.cost), at)
	l.link.apart.translate(&d, now)
	return d, false, nil
}

// enforce notes that shares of cells are enforced, and that Redis has to be told
// of them. It returns false where Redis is there again: it may count this node
// as present from now on.
func (k *link) enforce(b *buckets, cells []*cell) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.at != away {
		return false
	}
	k.shared.Store(true)
	for _, c := range cells {
		k.without[c] = b
	}
	return true
}

// owe notes a cell whose share Redis may not have been told of.
func (k *link) owe(p parcel) {
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
