package redis

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"
)

// beat says that this node lives, and measures how long that takes where there
// is a connection.
func (k *link) beat(ctx context.Context, leaves bool) (state fleetState, took time.Duration, err error) {
	if k.phase() != joined {
		dial, cancel := context.WithTimeout(ctx, dialWithin)
		defer cancel()
		if err := k.limiter.server.client.Ping(dial).Err(); err != nil {
			return state, 0, fmt.Errorf("reach Redis: %w", err)
		}
	}
	within, cancel := context.WithTimeout(ctx, k.limiter.cfg.replyWithin())
	defer cancel()
	known, epoch, seen := k.known.Load(), k.epoch(), k.seen
	before := k.limiter.cfg.Clock()
	if k.phase() == away {
		seen = 0 // Redis is not to refill on behalf of a node that enforces shares
	} else {
		k.apart.halt(before, k.heard+margin(k.limiter.cfg.Trust))
	}
	state, err = k.limiter.server.beat(within, beat{
		nodes: max(1, known), seen: seen, epoch: epoch, next: rand.Text(),
		alone: known == 1 && epoch == "", rested: !k.shared.Load(), leaves: leaves,
	})
	return state, time.Duration(k.limiter.cfg.Clock() - before), err
}

// hear takes over what an answer to a beat says.
func (k *link) hear(state fleetState) {
	k.seen, k.heard = state.now, k.limiter.cfg.Clock()
	k.present.Store(state.members)
	k.recount(func() { k.nodes.Store(state.nodes) })
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.name != state.epoch {
		k.name = state.epoch
		k.era.Add(1) // leases of another epoch are void
	}
}

// recount takes over how many nodes there are.
func (k *link) recount(count func()) {
	k.mu.Lock()
	defer k.mu.Unlock()
	before := k.fleet()
	if count(); before > 1 || k.fleet() > 1 {
		k.alone.Store(max(1, int64(k.limiter.cfg.Clock())))
	}
}
