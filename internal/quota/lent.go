package quota

import (
	"context"
	"math"
	"sync"
	"time"
)

const (
	// idleAfter is how long what is held may lie unused.
	idleAfter = time.Second
	// atOnce bounds how many counters are told of in one exchange.
	atOnce = 64
)

// lent are the counters that the ledger is to hear of again.
type lent struct {
	mu       sync.Mutex
	counters map[*Counter]struct{}
}

// list notes a counter that owes something. The caller holds its lock.
func (t *Table) list(c *Counter) {
	if c.shared.listed || !c.shared.owes() {
		return
	}
	c.shared.listed = true
	t.lent.mu.Lock()
	defer t.lent.mu.Unlock()
	if t.lent.counters == nil {
		t.lent.counters = map[*Counter]struct{}{}
	}
	t.lent.counters[c] = struct{}{}
}

func (t *Table) unlist(c *Counter) {
	c.shared.listed = false
	t.lent.mu.Lock()
	defer t.lent.mu.Unlock()
	delete(t.lent.counters, c)
}

func (t *Table) listed() (all []*Counter) {
	t.lent.mu.Lock()
	defer t.lent.mu.Unlock()
	for c := range t.lent.counters {
		all = append(all, c)
	}
	return all
}

// Tend gives back what has lain unused for a second, and tells the ledger what
// was spent without it. It is to run every second.
func (t *Table) Tend(ctx context.Context, now time.Time) { t.tend(ctx, now, idleAfter) }

// Retire gives back everything, at the end.
func (t *Table) Retire(ctx context.Context, now time.Time) { t.tend(ctx, now, math.MinInt64) }

func (t *Table) tend(ctx context.Context, now time.Time, idle time.Duration) {
	var r round
	for _, c := range t.listed() {
		t.look(&r, c, now, idle)
		if len(r.counters) == atOnce && !t.finish(ctx, &r, now) {
			return
		}
	}
	t.finish(ctx, &r, now)
}

// round is some counters that the ledger is told of together.
type round struct {
	era      uint64
	counters []*Counter
	said     []Statement
	ends     []int // where each counter's statements end
}

// look adds a counter to the round if it owes something by now.
func (t *Table) look(r *round, c *Counter, now time.Time, idle time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	h := c.shared
	if h.call != nil {
		return
	}
	era := t.ledger.Era()
	if len(r.counters) > 0 && r.era != era {
		return // next time
	}
	r.era = era
	h.follow(era, now)
	if !h.owes() {
		t.unlist(c)
		return
	}
	before := len(r.said)
	for p := range h.slices {
		s, unused := &h.slices[p], now.Sub(c.last) >= idle
		if !s.owes() || !unused && s.shared == 0 {
			continue
		}
		if unused {
			s.held = 0 // given back
		}
		r.said = append(r.said, h.sign(s.tell(), Period(p), now))
	}
	if len(r.said) > before {
		h.call = newCall(limits{})
		r.counters, r.ends = append(r.counters, c), append(r.ends, len(r.said))
	}
}

// finish has the round's exchange. It returns false where the ledger doesn't
// answer.
func (t *Table) finish(ctx context.Context, r *round, now time.Time) bool {
	if len(r.counters) == 0 {
		return true
	}
	answers, err := t.ledger.Exchange(context.WithoutCancel(ctx), r.era, r.said)
	from := 0
	for i, c := range r.counters {
		c.mu.Lock()
		if err == nil {
			c.shared.hear(r.era, r.said[from:r.ends[i]], answers[from:r.ends[i]], now)
		}
		c.shared.hangUp(nil)
		if !c.shared.owes() {
			t.unlist(c)
		}
		c.mu.Unlock()
		from = r.ends[i]
	}
	*r = round{}
	return err == nil
}
