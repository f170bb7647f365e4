package quota

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"
)

// errUnread says that the store couldn't tell what was used, to all who waited
// for the same reading.
var errUnread = errors.New("what is stored can't be read")

// reading is one sum of what is stored, for all who need that of one counter. It
// has a goroutine of its own: a client who gives up takes nobody else's answer
// along, and nobody waits longer than their context.
type reading struct {
	term term
	at   time.Time // in whose periods it sums up
	done chan struct{}
	sums Sums // these two hold once done is closed
	err  error
}

// term is for how long a sum that is under way serves others, where nodes share
// a ledger: in another era, others may have stored more since, and in another
// hour, other periods count.
type term struct {
	era  uint64
	hour time.Time
}

// reading returns the one that is under way for a counter, or begins one. The
// caller holds the counter's lock.
func (t *Table) reading(ctx context.Context, c *Counter, s Subject, of term, now time.Time) *reading {
	if c.reading != nil && c.reading.term == of {
		return c.reading
	}
	r := &reading{term: of, at: now, done: make(chan struct{})}
	c.reading = r
	go t.sum(context.WithoutCancel(ctx), c, s, r)
	return r
}

// sum reads to the end. A counter that counts alone begins with what it finds,
// before anybody takes from it.
func (t *Table) sum(ctx context.Context, c *Counter, s Subject, r *reading) {
	r.sums, r.err = t.sheltered(ctx, s, r.at)
	c.mu.Lock()
	if c.reading == r {
		c.reading = nil
	}
	if c.shared == nil && r.err == nil && !c.read {
		c.begin(r.sums, r.at)
	}
	c.mu.Unlock()
	close(r.done)
}

// sheltered makes a panic an error: in its goroutine, it would end the process
// for everybody.
func (t *Table) sheltered(ctx context.Context, s Subject, now time.Time) (sums Sums, err error) {
	defer func() {
		if fault := recover(); fault != nil {
			err = fmt.Errorf("it panicked (%T): %s", fault, debug.Stack())
		}
	}()
	return t.load(ctx, s, now)
}

// wait returns what was read. An errUnread is everybody's; another error is of
// the context alone.
func (r *reading) wait(ctx context.Context) (Sums, error) {
	select {
	case <-r.done:
	case <-ctx.Done():
		return Sums{}, fmt.Errorf("wait for what is stored: %w", ctx.Err())
	}
	if r.err != nil {
		return Sums{}, fmt.Errorf("%w: %w", errUnread, r.err)
	}
	return r.sums, nil
}
