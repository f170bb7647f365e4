package quota

import (
	"context"
	"hash/maphash"
	"sync"
	"sync/atomic"
	"time"
)

// Subject is who uses up a quota.
type Subject struct {
	// Kind tells subjects of one name apart; it is one of the constants.
	Kind Kind
	// Name is the workspace and environment, or the lineage of keys.
	Workspace, Environment, Lineage string
	// Endpoint is the route, of OfRoute.
	Endpoint string
}

// Kind says what a quota is shared by.
type Kind uint8

// The kinds of subjects.
const (
	OfWorkspace Kind = iota // all keys of a workspace and environment, deleted ones included
	OfKey                   // a key and those that it replaced
	OfRoute                 // the same, on one route
)

// Loader sums up a subject's stored usage in the periods that hold now. It does
// so for all who need it, so ctx is of no client: it bounds its own time.
type Loader func(ctx context.Context, s Subject, now time.Time) (Sums, error)

// Table holds the counters that are in use.
type Table struct {
	load   Loader
	ledger Ledger // nil: this node counts alone
	seed   maphash.Seed
	shards [tableShards]tableShard
	lives  atomic.Uint64
	lent   lent
}

const tableShards = 64

type tableShard struct {
	mu       sync.Mutex
	counters map[Subject]*Counter
}

// NewTable makes an empty table.
func NewTable(load Loader) *Table { return &Table{load: load, seed: maphash.MakeSeed()} }

// NewSharedTable makes an empty table of a node that shares a ledger with others.
func NewSharedTable(load Loader, ledger Ledger) *Table {
	t := NewTable(load)
	t.ledger = ledger
	return t
}

// Claim is cost that a request asks of one subject's quotas.
type Claim struct {
	Subject Subject
	Quotas  []Quota
}

// Take spends cost in all quotas of all claims, or in none. An error means
// that stored usage couldn't be read, or ErrUnavailable: nothing is spent then.
func (t *Table) Take(ctx context.Context, claims []Claim, cost int64, now time.Time) (Excess, bool, error) {
	for i, claim := range claims {
		excess, granted, err := t.takeOne(ctx, claim, cost, now)
		if err != nil || !granted {
			t.GiveBack(claims[:i], cost, now)
			return excess, false, err
		}
	}
	return Excess{}, true, nil
}

func (t *Table) takeOne(ctx context.Context, claim Claim, cost int64, now time.Time) (Excess, bool, error) {
	if t.ledger != nil {
		return t.takeShared(ctx, claim, cost, now)
	}
	return t.takeLocal(ctx, claim, cost, now)
}

// takeLocal is takeOne where this node counts alone. Who finds that nothing was
// read yet waits for it, as long as their context lasts.
func (t *Table) takeLocal(ctx context.Context, claim Claim, cost int64, now time.Time) (Excess, bool, error) {
	for {
		c := t.counter(claim.Subject)
		c.mu.Lock()
		switch {
		case c.dead:
			c.mu.Unlock()
		case c.read:
			excess, granted := c.take(claim.Quotas, cost, now)
			c.mu.Unlock()
			return excess, granted, nil
		default:
			r := t.reading(ctx, c, claim.Subject, term{}, now)
			c.mu.Unlock()
			if _, err := r.wait(ctx); err != nil {
				return Excess{}, false, err
			}
		}
	}
}

// GiveBack undoes a Take at the same time.
func (t *Table) GiveBack(claims []Claim, cost int64, at time.Time) {
	for _, claim := range claims {
		shard := t.shard(claim.Subject)
		shard.mu.Lock()
		c := shard.counters[claim.Subject]
		shard.mu.Unlock()
		if c != nil {
			t.giveBack(c, claim.Quotas, cost, at)
		}
	}
}

func (t *Table) giveBack(c *Counter, quotas []Quota, cost int64, at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if t.ledger == nil {
		c.giveBack(cost, at)
		return
	}
	c.shared.giveBack(quotas, cost, at)
	t.list(c)
}

func (t *Table) shard(s Subject) *tableShard {
	return &t.shards[maphash.Comparable(t.seed, s)%tableShards]
}

func (t *Table) counter(s Subject) *Counter {
	shard := t.shard(s)
	shard.mu.Lock()
	defer shard.mu.Unlock()
	c := shard.counters[s]
	if c == nil {
		if shard.counters == nil {
			shard.counters = map[Subject]*Counter{}
		}
		c = &Counter{}
		if t.ledger != nil {
			c.shared = &holdings{subject: s, life: t.lives.Add(1), era: t.ledger.Era()}
		}
		shard.counters[s] = c
	}
	return c
}

// Sweep forgets counters that weren't used since a time by which all usage is
// stored: they can be read again.
func (t *Table) Sweep(stored time.Time) {
	for i := range t.shards {
		shard := &t.shards[i]
		shard.mu.Lock()
		for s, c := range shard.counters {
			if !c.mu.TryLock() {
				continue // in use
			}
			if c.forgettable(stored) {
				c.dead = true
				delete(shard.counters, s)
			}
			c.mu.Unlock()
		}
		shard.mu.Unlock()
	}
}
