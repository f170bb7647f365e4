package keycache

import (
	"context"
	"fmt"
	"time"

	"github.com/keystile/keystile/internal/keys"
)

// Fetch answers what a secret is from the store; the value is one that all who
// ask share. Every error is an ErrUnavailable, or the context's end.
func (c *Cache[V]) Fetch(ctx context.Context, fp keys.Fingerprint, secret string, now time.Time) (value *V, found bool, err error) {
	return c.fill(ctx, fp, secret, now, c.trust.holds(now))
}

// Get is Recall, and Fetch where that doesn't know.
func (c *Cache[V]) Get(ctx context.Context, fp keys.Fingerprint, secret string, now time.Time) (value *V, found bool, err error) {
	if value, found, known := c.Recall(fp, now); known {
		return value, found, nil
	}
	return c.Fetch(ctx, fp, secret, now)
}

func (c *Cache[V]) fill(ctx context.Context, fp keys.Fingerprint, secret string, now time.Time, trusted bool) (value *V, found bool, err error) {
	if c.patience > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.patience)
		defer cancel()
	}
	for try := range maxTries {
		e, sent, err := c.flights.join(ctx, fp, !trusted, func() (*entry[V], uint64, error) { return c.read(fp, secret, now) })
		if err != nil {
			return nil, false, fmt.Errorf("%w: %w", ErrUnavailable, err)
		}
		// Compared when used: a change may have come while the read was under
		// way, or between its end and now. A further read was sent after this
		// request came, since those of one secret follow each other: where no
		// fence moved since, it is true, even if one was raised for a commit
		// that then failed.
		if c.good(e) || try > 0 && c.unmoved(e, sent) {
			return &e.value, e.found(), nil
		}
	}
	return nil, false, fmt.Errorf("%w: the key changed each time that it was read", ErrUnavailable)
}

// unmoved reports whether no fence has been raised since an entry's read was
// sent: since the fence had been raised so often.
func (c *Cache[V]) unmoved(e *entry[V], sent uint64) bool {
	of := c.current.Load()
	return e.generation == of.number && of.moves.Load() == sent
}

func (c *Cache[V]) read(fp keys.Fingerprint, secret string, now time.Time) (e *entry[V], sent uint64, err error) {
	if err := c.reads.take(); err != nil {
		return nil, 0, err
	}
	defer c.reads.giveBack()
	of := c.current.Load() // before the read, so that a reset during it shows
	sent = of.moves.Load()
	e = &entry[V]{fingerprint: fp, generation: of.number}
	got, err := c.load(secret, &e.value)
	if err != nil {
		return nil, 0, err
	}
	e.read = got.Revision
	c.remember(e, &got, now)
	return e, sent, nil
}

// remember puts away what was read.
func (c *Cache[V]) remember(e *entry[V], got *Loaded, now time.Time) {
	if got.Found {
		e.mark.set(slotOf(got.Digests[0]))
		c.absent.drop(&e.fingerprint)
		c.known.put(e)
		return
	}
	e.absence = &absence{until: now.Add(absentFor)}
	for _, d := range got.Digests {
		e.absence.slots = append(e.absence.slots, slotOf(d))
	}
	c.absent.put(e)
}
