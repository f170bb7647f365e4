package redis

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/keystile/keystile/internal/background"
	"github.com/keystile/keystile/internal/limit"
)

const (
	// beatEvery is how often a node says that it lives, and probeEvery how often
	// it tries to where Redis is away.
	beatEvery  = 250 * time.Millisecond
	probeEvery = 100 * time.Millisecond
	// joinEvery is how often it beats at the start, while it waits for the others
	// to hear of it.
	joinEvery = 20 * time.Millisecond
	// dialWithin bounds how long a probe waits for a connection.
	dialWithin = 2 * time.Second
	// leastStart is the bound of a start's wait for Redis where requests wait less.
	leastStart = time.Second
	// roundsToJoin is how many beats in a row it takes to join, at most.
	roundsToJoin = 4
)

// errSlow says that a request waited for Redis in vain.
var errSlow = errors.New("no answer in time")

// phase is how this node stands to Redis.
type phase int32

const (
	away    phase = iota // there is none: each node enforces its share, or denies
	joining              // there is, and it doesn't count this node as present yet
	joined
)

// link knows whether Redis is there, and whether it counts this node as present.
type link struct {
	limiter *Limiter
	loop    *background.Loop
	log     *slog.Logger
	stats   *limit.Stats
	deny    atomic.Bool
	known   atomic.Int64 // nodes that share the store
	nodes   atomic.Int64 // nodes of which any that is present knows
	present atomic.Int64
	era     atomic.Uint64 // grows with each new epoch
	alone   atomic.Int64  // instant at which it was heard that there are no other nodes any more; 0: there never were
	shared  atomic.Bool   // shares were enforced since Redis last counted this node as present
	apart   apart
	// complained says that the operator was told that Redis is away.
	complained atomic.Bool

	turn  sync.Mutex    // held by whoever beats
	seen  int64         // when Redis was last heard, by its own clock
	heard limit.Instant // and by that of this node

	mu      sync.Mutex
	name    string // of the epoch
	at      phase
	change  chan struct{}      // closed when the phase changes
	without map[*cell]*buckets // cells that spend from shares
}

func (k *link) init(l *Limiter) {
	k.limiter, k.log, k.stats = l, slog.New(slog.DiscardHandler), new(limit.Stats)
	k.change, k.without = make(chan struct{}), map[*cell]*buckets{}
	k.loop = background.NewLoop(probeEvery, k.tick)
}

// begin waits a moment for Redis, and goes on by itself.
func (k *link) begin(ctx context.Context, s limit.Surroundings) {
	k.log, k.stats = s.Log, s.Stats
	k.stats.Away.Add(1)
	within, cancel := context.WithTimeout(ctx, k.limiter.cfg.startWithin())
	defer cancel()
	if now := k.limiter.cfg.Clock(); k.known.Load() != 1 {
		k.apart.halt(now, now+margin(k.limiter.cfg.Trust)) // by then, all others know of this node
	}
	k.tick(within)
	k.awaitOthers(ctx)
	if k.phase() != joined {
		k.complained.Store(true)
		k.log.Error("the limiter's Redis can't be used: "+k.consequence(), "error", k.why(within))
	}
	k.loop.Start(ctx)
}

// awaitOthers beats until Redis counts this node as present, or is away. By its
// trust, all others have heard of it, or are counted as present no more.
func (k *link) awaitOthers(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, time.Duration(margin(k.limiter.cfg.Trust)))
	defer cancel()
	again := time.NewTicker(joinEvery)
	defer again.Stop()
	for k.phase() == joining {
		select {
		case <-ctx.Done():
			return
		case <-again.C:
			k.tick(ctx)
		}
	}
}

// why asks once more, for the log.
func (k *link) why(ctx context.Context) error {
	return k.limiter.server.client.Ping(ctx).Err()
}

func (k *link) consequence() string {
	if k.deny.Load() {
		return "requests with limits are refused"
	}
	return "each node enforces its share of the limits"
}

func (k *link) phase() phase {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.at
}

func (k *link) epoch() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.name
}

// changes returns what is closed when the phase changes.
func (k *link) changes() <-chan struct{} {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.change
}

// enter changes the phase; it returns the one before.
func (k *link) enter(next phase) (was phase) {
	k.mu.Lock()
	defer k.mu.Unlock()
	was = k.at
	if was != next {
		k.at = next
		close(k.change)
		k.change = make(chan struct{})
	}
	return was
}

// lose notes that Redis is away. It may be called from anywhere.
func (k *link) lose(err error) {
	if was := k.enter(away); was != joined {
		return
	}
	k.stats.Away.Add(1)
	k.stats.Failures.Add(1)
	k.complained.Store(true)
	k.loop.SetInterval(probeEvery)
	k.loop.Kick() // it may have been slow but once
	k.log.Error("the limiter's Redis is away: "+k.consequence(), "error", err)
}

// rejoin notes that Redis doesn't count this node as present.
func (k *link) rejoin() {
	k.mu.Lock()
	if k.at == joined {
		k.at = joining
		close(k.change)
		k.change = make(chan struct{})
		k.stats.Away.Add(1)
	}
	k.mu.Unlock()
	k.loop.Kick()
}

// tick beats, until there is nothing to do before the next time.
func (k *link) tick(ctx context.Context) {
	k.turn.Lock()
	defer k.turn.Unlock()
	for range roundsToJoin {
		if !k.round(ctx) {
			return
		}
	}
}

// round is one beat, and what follows from it. more says that the next one is
// due at once.
func (k *link) round(ctx context.Context) (more bool) {
	state, took, err := k.beat(ctx, false)
	if err != nil {
		if ctx.Err() == nil {
			k.fail(err)
		}
		return false
	}
	k.hear(state)
	switch k.phase() {
	case joined:
		if !state.present {
			k.rejoin()
			return true
		}
		if err := k.limiter.settleShares(ctx); err != nil {
			k.lose(err)
		}
	case away:
		if took > k.limiter.cfg.Patience {
			return false // it answers, but requests can't wait for it
		}
		now := k.limiter.cfg.Clock()
		k.apart.halt(now, now) // what has refilled is handed over, or given up
		k.enter(joining)
		if err := k.limiter.settleShares(ctx); err != nil {
			k.enter(away)
			return false
		}
		return true
	case joining:
		if !state.present {
			return true
		}
		k.arrive()
	}
	return false
}

func (k *link) arrive() {
	k.shared.Store(false)
	k.enter(joined)
	k.stats.Away.Add(-1)
	k.loop.SetInterval(beatEvery)
	if k.complained.Swap(false) {
		k.log.Info("the limiter's Redis answers again: limits hold across all nodes")
	}
}

func (k *link) fail(err error) {
	if k.phase() == joining {
		k.enter(away)
		return
	}
	k.lose(err)
}

// end gives back what this node holds, and leaves.
func (k *link) end() {
	k.loop.Stop()
	k.turn.Lock()
	defer k.turn.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), k.limiter.cfg.startWithin())
	defer cancel()
	if k.phase() == joined {
		if err := k.limiter.giveBack(ctx); err == nil {
			_, _, _ = k.beat(ctx, true) // else it lapses by itself
		}
	} else {
		k.stats.Away.Add(-1)
	}
}

// epochOf names the epoch of an era, where that is the current one.
func (k *link) epochOf(era uint64) (epoch string, current bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.name, k.era.Load() == era
}
