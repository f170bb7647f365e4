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
	// retryBeatEvery is how often a node tries again that the store couldn't be
	// told of.
	retryBeatEvery = time.Second
	// leaveTimeout bounds how long an engine that ends waits to say so.
	leaveTimeout = 3 * time.Second
)

var errLeft = errors.New("the engine has ended")

// node is this engine as the store knows it: see storage.Registry for what it
// promises, and membership for how it keeps that.
type node struct {
	membership
	loop    *background.Loop
	reached atomic.Pointer[storage.Position] // how far the log is followed
	doubted atomic.Bool                      // somebody asks whether it lives

	// These are the loop's own.
	mute   bool // the store couldn't be told
	others observer

	// turn holds one token: whoever beats takes it. It guards what follows.
	turn chan struct{}
	told told
	left bool // there is no node any more
}

// told is what the store knows of a node since its last beat.
type told struct {
	incarnation string
	applied     storage.Position
	trust       time.Duration
	at          time.Time
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
	n.report(n.tell(ctx))
	n.loop.Kick() // and look who else is there
}

// reach notes how far the log is followed, and has the store told.
func (n *node) reach(at storage.Position) {
	if was := n.reached.Swap(&at); *was != at {
		n.loop.Kick()
	}
}

// attend asks for the head of the log as a node, and what the store knows of
// it. The row is the zero one where it knows nothing.
func (n *node) attend(ctx context.Context, q question) (head storage.Position, row storage.Node, err error) {
	store := n.engine.cfg.Store
	if q.incarnation != "" {
		head, row, err = store.Attend(ctx, n.beat(q))
		switch {
		case err == nil:
			if row.Doubted && !n.doubted.Swap(true) {
				n.loop.Kick()
			}
			return head, row, nil
		case errors.Is(err, storage.ErrNotFound):
			if n.lose(q.incarnation) {
				n.loop.Kick() // else it tries at intervals already
			}
		case !errors.Is(err, storage.ErrGap): // which the follower will come upon
			return head, row, err
		}
	}
	head, err = store.Confirm(ctx)
	return head, storage.Node{}, err
}

func (n *node) beat(q question) storage.Beat {
	return storage.Beat{Incarnation: q.incarnation, Applied: *n.reached.Load(), Trust: q.settings.trust()}
}

// tick says what the store should know, and looks whether the others live.
func (n *node) tick(ctx context.Context) {
	within, cancel := context.WithTimeout(ctx, beatTimeout)
	defer cancel()
	err := n.tell(within)
	if err == nil {
		err = n.lookAround(within)
	}
	if ctx.Err() != nil {
		return // stopping
	}
	n.report(err)
	every := n.lookInterval()
	if err != nil {
		every = min(every, retryBeatEvery)
	}
	n.loop.SetInterval(every)
}

// tell beats, where there is something that the store doesn't know.
func (n *node) tell(ctx context.Context) error {
	if err := n.take(ctx); err != nil {
		return err
	}
	defer n.yield()
	if n.left {
		return errLeft
	}
	q := n.question()
	if n.told.incarnation == q.incarnation && n.told.trust == q.settings.trust() && n.told.applied == *n.reached.Load() &&
		!n.doubted.Load() && q.asked.Sub(n.told.at) < q.settings.trust()/beatsInTrust {
		return nil
	}
	return n.say(ctx, q)
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

func (n *node) say(ctx context.Context, q question) error {
	if q.incarnation == "" {
		return n.register(ctx, q)
	}
	doubted := n.doubted.Swap(false) // before it is answered: the next doubt is another one
	beat := n.beat(q)
	_, err := n.engine.cfg.Store.Beat(ctx, beat)
	switch {
	case err == nil:
		n.told = told{q.incarnation, beat.Applied, beat.Trust, q.asked}
	case errors.Is(err, storage.ErrNotFound):
		n.lose(q.incarnation)
		return n.register(ctx, n.question())
	case doubted:
		n.doubted.Store(true)
	}
	return err
}

// register enters the node anew. Where the outcome is unknown, the row may be
// there: the next question finds out.
func (n *node) register(ctx context.Context, q question) error {
	incarnation := uuid.NewString()
	row := storage.Node{Incarnation: incarnation, Name: n.engine.cfg.Node, Trust: q.settings.trust()}
	head, err := n.engine.cfg.Store.Register(ctx, row)
	if err == nil {
		n.told = told{incarnation, head, row.Trust, q.asked}
	}
	n.doubted.Store(false)
	n.enter(incarnation)
	return err
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
	incarnation := n.self()
	n.lose(incarnation)
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
