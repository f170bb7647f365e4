package engine

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/keystile/keystile/internal/background"
	"github.com/keystile/keystile/internal/storage"
)

const (
	// beatsInTrust is how often a node says that it lives in the time for which
	// it believes its memory.
	beatsInTrust = 4
	// beatTimeout bounds one beat.
	beatTimeout = 2 * time.Second
	// retryBeatEvery is how often a node that the store doesn't know tries again.
	retryBeatEvery = time.Second
	// leaveTimeout bounds how long an engine that ends waits to say so.
	leaveTimeout = 3 * time.Second
)

// node is this engine as the store knows it: see storage.Registry for what it
// promises, and membership for how it keeps that.
type node struct {
	membership
	loop    *background.Loop
	reached atomic.Pointer[storage.Position] // how far the log is followed

	// These are the loop's own.
	mute   bool // the last beat failed
	others observer

	// turn holds one token: whoever beats takes it. It guards what follows.
	turn chan struct{}
	told storage.Position // what the store knows to be applied
	at   time.Time        // before the last beat that succeeded
	left bool             // there is none any more
}

func newNode(e *Engine) *node {
	n := &node{membership: membership{engine: e}, turn: make(chan struct{}, 1)}
	n.reached.Store(new(storage.Position))
	n.loop = background.NewLoop(retryBeatEvery, n.tick)
	return n
}

// join registers the node before its engine believes anything. Where that
// fails, each request reads the store until it succeeds.
func (n *node) join(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, beatTimeout)
	defer cancel()
	_, err := n.beat(ctx)
	n.report(err)
	n.loop.Kick() // and look who else is there
}

// reach notes how far the log is followed, and has the store told.
func (n *node) reach(at storage.Position) {
	if was := n.reached.Swap(&at); *was != at {
		n.loop.Kick()
	}
}

// note hears whether somebody doubts that this node lives.
func (n *node) note(changes []storage.Change) {
	for _, change := range changes {
		if change.Subject == storage.SubjectNode && change.Name == n.self() {
			n.doubt()
			n.loop.Kick()
		}
	}
}

// tick says what the store should know, and looks whether the others live.
func (n *node) tick(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, beatTimeout)
	defer cancel()
	err := n.tell(ctx)
	if err == nil {
		err = n.lookAround(ctx)
	}
	if ctx.Err() == nil || errors.Is(ctx.Err(), context.DeadlineExceeded) {
		n.report(err)
	}
	every := n.engine.settings.current.Load().trust() / beatsInTrust
	if n.stands() == nil {
		every = min(every, retryBeatEvery)
	}
	n.loop.SetInterval(min(every, lookEvery))
}

// tell beats, where there is something that the store doesn't know.
func (n *node) tell(ctx context.Context) error {
	if err := n.take(ctx); err != nil {
		return err
	}
	defer n.yield()
	trust := n.engine.settings.current.Load().trust()
	standing, now := n.stands(), n.engine.cfg.Now()
	if standing != nil && standing.trust == trust && n.told == *n.reached.Load() && now.Sub(n.at) < trust/beatsInTrust {
		return nil
	}
	_, err := n.say(ctx)
	return err
}

// beat tells the store how far this node is, whether it knows that or not, and
// returns the head of the log.
func (n *node) beat(ctx context.Context) (storage.Position, error) {
	if err := n.take(ctx); err != nil {
		return storage.Position{}, err
	}
	defer n.yield()
	return n.say(ctx)
}

func (n *node) take(ctx context.Context) error {
	select {
	case n.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (n *node) yield() { <-n.turn }

var errLeft = errors.New("the engine has ended")

func (n *node) say(ctx context.Context) (storage.Position, error) {
	if n.left {
		return storage.Position{}, errLeft
	}
	settings := n.engine.settings.current.Load()
	incarnation, doubts := n.lower(settings) // before the store is told
	if incarnation == "" {
		return n.register(ctx, settings.trust())
	}
	applied, asked := *n.reached.Load(), n.engine.cfg.Now()
	head, err := n.engine.cfg.Store.Beat(ctx, storage.Beat{Incarnation: incarnation, Applied: applied, Trust: settings.trust()})
	switch {
	case err == nil:
		n.told, n.at = applied, asked
		n.settle(incarnation, settings.trust(), doubts)
	case errors.Is(err, storage.ErrNotFound):
		n.lose()
		return n.register(ctx, settings.trust())
	case errors.Is(err, storage.ErrGap):
		n.doubt() // until the follower has joined this log
	}
	return head, err
}

// register enters the node anew.
func (n *node) register(ctx context.Context, trust time.Duration) (storage.Position, error) {
	incarnation, asked := uuid.NewString(), n.engine.cfg.Now()
	doubts := n.enter(incarnation) // at once: where the outcome is unknown, the row may be there
	head, err := n.engine.cfg.Store.Register(ctx, storage.Node{Incarnation: incarnation, Name: n.engine.cfg.Node, Trust: trust})
	if err == nil {
		n.told, n.at = head, asked
		n.settle(incarnation, trust, doubts)
	}
	return head, err
}

// leave removes the node, which decides nothing any more, for good.
func (n *node) leave() {
	ctx, cancel := context.WithTimeout(context.Background(), leaveTimeout)
	defer cancel()
	err := n.take(ctx) // nobody has it for longer than a beat takes
	if err == nil {
		defer n.yield()
		n.left = true
	}
	incarnation := n.lose()
	if incarnation == "" {
		return
	}
	if err == nil {
		err = n.engine.cfg.Store.Unregister(ctx, incarnation)
	}
	if err != nil {
		n.engine.cfg.Log.Warn("the store can't be told that this node has ended: receipts of revocations wait for it for a while", "error", err)
	}
}

// report tells the operator when the store can't be told that this node lives,
// and when it can again.
func (n *node) report(err error) {
	log := n.engine.cfg.Log
	switch mute := err != nil; {
	case mute && !n.mute:
		log.Error("the store can't be told what this node enforces: receipts of revocations wait for it", "error", err)
	case !mute && n.mute:
		log.Info("the store knows again what this node enforces")
	}
	n.mute = err != nil
}
