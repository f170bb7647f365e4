package quota

import (
	"context"
	"errors"
	"time"
)

// mostEras is how often a request begins anew because the ledger did.
const mostEras = 4

// takeShared is takeOne where nodes share a ledger: what is in hand is spent
// without asking; one request asks for all that wait.
func (t *Table) takeShared(ctx context.Context, claim Claim, cost int64, now time.Time) (Excess, bool, error) {
	l := limitsOf(claim.Quotas)
	eras := 0
	for {
		c := t.counter(claim.Subject)
		c.mu.Lock()
		if c.dead {
			c.mu.Unlock()
			continue
		}
		h := c.shared
		h.follow(t.ledger.Era(), now)
		excess, v := h.take(l, cost, now, func(s *slice, limit int64) view { return s.look(limit, cost, now) })
		if v == lacking && h.call == nil {
			var err error
			excess, v, err = t.lead(ctx, c, l, cost, now)
			if eras++; err != nil && (!errors.Is(err, ErrEra) || eras == mostEras) {
				c.mu.Unlock()
				return Excess{}, false, err
			}
		}
		if v != lacking {
			if v == enough && now.After(c.last) {
				c.last = now
			}
			c.mu.Unlock()
			return excess, v == enough, nil
		}
		if err := c.wait(ctx, cost); err != nil {
			return Excess{}, false, err
		}
	}
}

// wait waits for the exchange that is under way. The caller holds the lock,
// which is released.
func (c *Counter) wait(ctx context.Context, cost int64) (err error) {
	call := c.shared.call
	if call == nil {
		c.mu.Unlock()
		return nil
	}
	c.shared.waiting += cost
	c.mu.Unlock()
	select {
	case <-call:
	case <-ctx.Done():
		err = ctx.Err()
	}
	c.mu.Lock()
	c.shared.waiting -= cost
	c.mu.Unlock()
	return err
}

// lead asks the ledger on behalf of all, and takes before anybody else does. The
// caller holds the counter's lock, which is released meanwhile.
func (t *Table) lead(ctx context.Context, c *Counter, l limits, cost int64, now time.Time) (Excess, view, error) {
	h := c.shared
	era, said := h.era, h.ask(l, cost, now)
	h.call = make(chan struct{})
	defer func() { close(h.call); h.call = nil }()
	c.mu.Unlock()
	ctx = context.WithoutCancel(ctx) // others wait for the same
	answers, err := t.exchange(ctx, era, said, now)
	var sums *Sums
	if away(err) {
		sums, err = t.alone(ctx, c, l, now)
		if err == nil {
			err = ErrAway
		}
	}
	c.mu.Lock()
	h.hear(era, said, answers, now)
	h.follow(t.ledger.Era(), now)
	t.list(c)
	if away(err) {
		excess, v := h.takeAlone(l, cost, now, t.ledger.Nodes(), sums)
		return excess, v, nil
	}
	if err != nil {
		return Excess{}, lacking, err
	}
	excess, v := h.take(l, cost, now, func(s *slice, limit int64) view { return s.look(limit, cost, now) })
	return excess, v, nil
}

// alone reads what is stored where this node knows nothing of all nodes' use;
// nil: it knows.
func (t *Table) alone(ctx context.Context, c *Counter, l limits, now time.Time) (*Sums, error) {
	c.mu.Lock()
	unknown := false
	for p, limit := range l {
		unknown = unknown || limit > 0 && !c.shared.slices[p].known
	}
	c.mu.Unlock()
	if !unknown {
		return nil, nil
	}
	sums, err := t.load(ctx, c.shared.subject, now)
	return &sums, err
}

// takeAlone takes while the ledger is away.
func (h *holdings) takeAlone(l limits, cost int64, now time.Time, nodes int64, sums *Sums) (Excess, view) {
	for p := range h.slices {
		if s := &h.slices[p]; sums != nil && !s.known {
			s.known, s.taken = true, sums[p]
		}
	}
	return h.take(l, cost, now, func(s *slice, limit int64) view { return s.lookAlone(limit, cost, nodes) })
}
