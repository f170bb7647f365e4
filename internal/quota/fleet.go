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
		if err := c.wait(ctx, l, cost); err != nil {
			return Excess{}, false, err
		}
	}
}

// lead asks the ledger on behalf of all, and takes before anybody else does. The
// caller holds the counter's lock, which is released meanwhile.
func (t *Table) lead(ctx context.Context, c *Counter, l limits, cost int64, now time.Time) (Excess, view, error) {
	h := c.shared
	era, said := h.era, h.ask(l, cost, now)
	h.call = newCall(l)
	var answers []Answer
	var sums *Sums
	var err error
	defer func() { h.hangUp(err) }()
	c.mu.Unlock()
	of := term{era, Hour.Start(now)}
	answers, err = t.exchange(ctx, c, of, said, now)
	if away(err) {
		sums, err = t.alone(ctx, c, of, l, now)
		if err == nil {
			err = ErrAway
		}
	}
	c.mu.Lock()
	h.hear(era, said, answers, now)
	h.follow(t.ledger.Era(), now)
	t.list(c)
	if err == nil || away(err) {
		c.reading = nil // one that somebody gave up knows nothing of what is taken from here on
	}
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
func (t *Table) alone(ctx context.Context, c *Counter, of term, l limits, now time.Time) (*Sums, error) {
	c.mu.Lock()
	unknown := false
	for p, limit := range l {
		unknown = unknown || limit > 0 && !c.shared.slices[p].known
	}
	c.mu.Unlock()
	if !unknown {
		return nil, nil
	}
	sums, err := t.stored(ctx, c, of, now)
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
