package quota

import (
	"context"
	"errors"
	"time"
)

// call is an exchange that is under way, for all who wait for its end.
type call struct {
	limits limits // what it asks for
	over   chan struct{}
	err    error // an errUnread, once it is over; nil: there is none
}

func newCall(l limits) *call { return &call{limits: l, over: make(chan struct{})} }

// hangUp ends the call. That the store can't tell holds for all who wait with
// the same limits: they would ask it the same, one after the other. The caller
// holds the counter's lock.
func (h *holdings) hangUp(err error) {
	if errors.Is(err, errUnread) {
		h.call.err = err
	}
	close(h.call.over)
	h.call = nil
}

// wait waits for the exchange that is under way. The caller holds the lock,
// which is released.
func (c *Counter) wait(ctx context.Context, l limits, cost int64) (err error) {
	awaited := c.shared.call
	if awaited == nil {
		c.mu.Unlock()
		return nil
	}
	c.shared.waiting += cost
	c.mu.Unlock()
	select {
	case <-awaited.over:
		if awaited.limits == l {
			err = awaited.err
		}
	case <-ctx.Done():
		err = ctx.Err()
	}
	c.mu.Lock()
	c.shared.waiting -= cost
	c.mu.Unlock()
	return err
}

// exchange asks the ledger, and reads what is stored where it knows nothing. Of
// the two, only the reading takes so long that ctx may end it.
func (t *Table) exchange(ctx context.Context, c *Counter, of term, said []Statement, now time.Time) ([]Answer, error) {
	asking := context.WithoutCancel(ctx) // others wait for the same
	answers, err := t.ledger.Exchange(asking, of.era, said)
	if err != nil {
		return nil, err
	}
	var again []Statement
	var places []int
	for i, a := range answers {
		if a.NeedsBase {
			again, places = append(again, said[i]), append(places, i)
		}
	}
	if again == nil {
		return answers, nil
	}
	sums, err := t.stored(ctx, c, of, now)
	if err != nil {
		return nil, err
	}
	for i := range again {
		again[i].Base = sums[again[i].Period]
	}
	late, err := t.ledger.Exchange(asking, of.era, again)
	if err != nil {
		return nil, err
	}
	for i, place := range places {
		answers[place] = late[i]
	}
	return answers, nil
}

// stored sums up what is stored, as long as ctx lasts. Who asks next in the same
// term has the sum that this one gave up: what it tells of was counted before
// anybody could take.
func (t *Table) stored(ctx context.Context, c *Counter, of term, now time.Time) (Sums, error) {
	c.mu.Lock()
	r := t.reading(ctx, c, c.shared.subject, of, now)
	c.mu.Unlock()
	return r.wait(ctx)
}
