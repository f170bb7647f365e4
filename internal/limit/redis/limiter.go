// Package redis is the limiter of a fleet. Buckets are kept in Redis, or in
// Valkey; each node leases slices of them, sized by what it has to serve, and
// spends them from its own memory. The scripts beside this file are the other
// half of it; docs/adr/0016-leased-slices.md argues why a limit is never passed.
package redis

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/keystile/keystile/internal/limit"
	"github.com/keystile/keystile/internal/limit/subjects"
	"github.com/keystile/keystile/internal/quota"
)

// Config is what a limiter is made of.
type Config struct {
	// Server says how Redis is reached.
	Server *goredis.Options
	// Node is this process among those that share the buckets: a random name.
	Node string
	// Clock is monotonic.
	Clock func() limit.Instant
	// Name begins all keys; empty: keystile.
	Name string
	// Patience is how long a request waits for Redis; 0: 45 ms.
	Patience time.Duration
	// Trust is for how long this node is counted as present after it heard from
	// Redis; 0: 2 s.
	Trust time.Duration
}

// Defaults of a Config.
const (
	defaultName     = "keystile"
	defaultPatience = 45 * time.Millisecond
	defaultTrust    = 2 * time.Second
)

// replyWithin bounds a round trip: requests don't wait as long, unless they have
// more patience.
func (c *Config) replyWithin() time.Duration { return max(leastReply, c.Patience) }

// startWithin bounds how long a start waits for Redis.
func (c *Config) startWithin() time.Duration { return max(leastStart, c.Patience) }

// Limiter keeps what this node holds of the buckets.
type Limiter struct {
	cfg    Config
	server server
	table  *subjects.Table[buckets]
	link   link
	post   post
	agenda agenda
	ledger ledger
	seq    atomic.Uint64
	start  sync.Once
	began  atomic.Bool
	stop   sync.Once
}

// New makes a limiter that asks nobody anything before Start.
func New(cfg Config) *Limiter {
	if cfg.Name == "" {
		cfg.Name = defaultName
	}
	if cfg.Patience == 0 {
		cfg.Patience = defaultPatience
	}
	if cfg.Trust == 0 {
		cfg.Trust = defaultTrust
	}
	l := &Limiter{cfg: cfg, table: subjects.NewTable[buckets]()}
	l.server.init(&l.cfg)
	l.link.init(l)
	l.post.init(l)
	l.agenda.init(l)
	l.ledger.init(l)
	return l
}

// Start implements limit.Fleet.
func (l *Limiter) Start(ctx context.Context, s limit.Surroundings) {
	l.start.Do(func() {
		l.began.Store(true)
		l.server.open()
		l.link.begin(ctx, s)
		l.post.begin(ctx)
		l.agenda.begin(ctx)
		l.ledger.loop.Start(ctx)
	})
}

// SetNodes implements limit.Fleet.
func (l *Limiter) SetNodes(n int) { l.link.recount(func() { l.link.known.Store(int64(n)) }) }

// SetDeny implements limit.Fleet.
func (l *Limiter) SetDeny(deny bool) { l.link.deny.Store(deny) }

// Stop implements limit.Fleet.
func (l *Limiter) Stop() {
	l.stop.Do(func() {
		l.start.Do(func() {}) // none may follow
		if !l.began.Load() {
			return
		}
		l.ledger.loop.Stop()
		l.agenda.end()
		l.post.end()
		l.link.end()
		l.server.close()
	})
}

// Sweep implements limit.Limiter: it forgets subjects that hold nothing and
// weren't used lately, since Redis knows of them.
func (l *Limiter) Sweep(time.Time) {
	now := l.cfg.Clock()
	l.table.Sweep(func(b *buckets) bool { return b.retire(l, now) })
}

// Len is how many subjects are in memory.
func (l *Limiter) Len() int { return l.table.Len() }

// Interface guards.
var (
	_ limit.Fleet  = (*Limiter)(nil)
	_ quota.Ledger = (*Limiter)(nil)
)
