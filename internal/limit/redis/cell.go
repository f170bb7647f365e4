package redis

import (
	"crypto/sha256"
	"encoding/base64"

	"github.com/keystile/keystile/internal/limit"
)

// cell is one bucket of one subject, as far as this node holds or knows it.
type cell struct {
	limit    *limit.Limit // as it was last asked for; a reload brings others of its name
	bucket   limit.Bucket
	interval int64 // nanoseconds in which a unit refills
	window   int64 // and all of them
	key      string

	lease lease
	view  view
	share *share // of a time without Redis; nil: none, or Redis was told
	call  *call  // under way; nil: none

	waiting int64         // what requests wait for, in sum
	least   int64         // and the least that one of them waits for
	pause   limit.Instant // until then, Redis isn't asked: it was just emptied
	low     int64         // units in hand under which a slice is filled up
}

func newCell(cfg *Config, id string, l *limit.Limit) *cell {
	c := &cell{key: keyOf(cfg, id, l)}
	c.adopt(l)
	return c
}

// keyOf names a bucket in Redis. What is in braces keeps all keys in one slot of
// a cluster: a script reads the fleet beside the bucket.
func keyOf(cfg *Config, id string, l *limit.Limit) string {
	sum := sha256.Sum256([]byte(l.Gate + "\x00" + l.Name))
	return cfg.Name + ":{rate}:" + id + ":" + base64.RawURLEncoding.EncodeToString(sum[:9])
}

func (c *cell) adopt(l *limit.Limit) {
	c.limit, c.bucket = l, l.Rate.Bucket()
	c.interval, c.window = int64(c.bucket.Interval()), int64(c.bucket.Window())
}

// convert follows a limit that was configured anew: what was spent stays spent,
// and Redis says what is left by the new rate.
func (c *cell) convert(l *limit.Limit) {
	c.adopt(l)
	c.lease.back += c.lease.held
	c.lease.held, c.view.known, c.pause = 0, false, 0
}

func (c *cell) burst() int64 { return c.window / c.interval }

// usable is how many units are in hand.
func (c *cell) usable(now limit.Instant, era uint64) int64 {
	if c.lease.era != era || now >= c.lease.until {
		c.lease.drop()
	}
	return c.lease.held
}

// spend takes what is in hand.
func (c *cell) spend(cost int64, now limit.Instant) {
	if c.lease.held == c.lease.told {
		c.lease.since = now
	}
	c.lease.held -= cost
	c.lease.spent += cost
	c.lease.last = now
}

// look is where the bucket stands, as far as this node knows.
func (c *cell) look(now limit.Instant) limit.Outcome {
	have := c.have(now)
	return limit.Outcome{Granted: true, Remaining: have / c.interval, Reset: c.bucket.Window() - toDuration(have)}
}

func (c *cell) have(now limit.Instant) int64 {
	return min(c.window, max(0, c.stored(now)+c.lease.held*c.interval))
}

// refuse is the answer to a cost that isn't there.
func (c *cell) refuse(cost int64, now limit.Instant) limit.Outcome {
	out := c.look(now)
	wait := c.window
	if cost <= c.burst() {
		missing := cost*c.interval - c.have(now)
		wait = max(c.view.stretch(missing), int64(c.pause-now), 1)
	}
	out.Granted, out.RetryAfter = false, toDuration(min(wait, c.window))
	return out
}

// mayGrant reports whether Redis may have what isn't in hand.
func (c *cell) mayGrant(cost int64, now limit.Instant) bool {
	switch {
	case cost > c.burst() || now < c.pause:
		return false
	case !c.view.known || now-c.view.at > staleAfter:
		return true
	}
	return c.stored(now)+c.lease.held*c.interval >= cost*c.interval
}
