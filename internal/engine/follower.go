package engine

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/keystile/keystile/internal/background"
	"github.com/keystile/keystile/internal/storage"
)

// follower keeps memory true to the store: it reads the change log, raises the
// fences, and only then says that memory was confirmed.
type follower struct {
	engine  *Engine
	mu      sync.Mutex // held by the one round that is under way
	loop    *background.Loop
	joined  bool
	applied storage.Position
	failing bool

	hurried atomic.Bool // since memory was confirmed last
}

// changesAtOnce bounds one read of the log.
const changesAtOnce = 1000

// readTimeout bounds the question whether the store can be read at least.
const readTimeout = 500 * time.Millisecond

func newFollower(e *Engine) *follower {
	f := &follower{engine: e}
	f.loop = background.NewLoop(e.cfg.Store.PollInterval(), f.poll)
	return f
}

// pace settles how often the store is asked: memory must not cease to be
// believed between two questions.
func (f *follower) pace(s *Settings) {
	f.loop.SetInterval(min(f.engine.cfg.Store.PollInterval(), s.trust()/beatsInTrust))
}

// begin is the first round.
func (f *follower) begin(ctx context.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.catchUp(ctx)
}

// poll is one round. A failed one prolongs nothing: trust ends by itself. One
// that its caller ended says nothing of the store.
func (f *follower) poll(asked context.Context) {
	f.mu.Lock()
	defer f.mu.Unlock()
	ctx, cancel := context.WithTimeout(asked, lookupTimeout)
	defer cancel()
	err := f.catchUp(ctx)
	if err != nil && !f.failing && ctx.Err() == nil {
		err = f.catchUp(ctx) // a broken connection is no store that is away
	}
	if err != nil && asked.Err() != nil {
		return
	}
	if err != nil {
		f.engine.stats.StoreErrors.Add(1)
	}
	log := f.engine.cfg.Log
	switch {
	case err != nil && !f.failing:
		log.Error("the store doesn't answer", "error", err)
	case err == nil && f.failing:
		log.Info("the store answers again")
	}
	f.failing = err != nil
	f.engine.confirmed.failing.Store(f.failing && !f.canRead(asked))
}

// canRead reports whether the store can be read though it doesn't confirm
// anything: requests can find out by themselves then what they may.
func (f *follower) canRead(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	_, err := f.engine.cfg.Store.Confirm(ctx)
	return err == nil
}

// catchUp asks the store for news and applies them. Memory is believed from
// the time *before* the question was sent, if the store knew of this node then.
func (f *follower) catchUp(ctx context.Context) error {
	e := f.engine
	q, mark := e.node.question(), e.commits.mark()
	head, row, err := e.node.attend(ctx, q)
	if err != nil {
		return err
	}
	if !f.joined {
		f.applied, f.joined = head, true
	}
	if f.applied != head {
		defer e.teller.trail.loop.Kick()
	}
	for f.applied != head {
		anew, err := f.apply(ctx)
		if err != nil {
			return err
		}
		if anew || f.applied.Revision > head.Revision {
			break // the log went on meanwhile
		}
	}
	e.commits.settle(mark, func() {
		e.cache.Lower(f.applied.Revision)
		e.catalogue.lower(f.applied.Revision)
	})
	e.node.reach(f.applied)
	if e.node.confirm(q, row) {
		f.hurried.Store(false)
	}
	return nil
}

// hurry asks for a round at once, and only once until one confirms memory: a request
// came upon memory that isn't believed any more, as behind a long pause of the
// process or a jump of its clock.
func (f *follower) hurry() {
	if !f.hurried.Swap(true) {
		f.loop.Kick()
	}
}

// hear is called when there may be news. Where these are the very next ones of
// the log, what they concern is read anew from here on, without waiting for the
// round that reads the log. They confirm nothing; older ones, and those of
// another log, do nothing; and a round that is under way is left in peace, since
// the next one finds them.
func (f *follower) hear(news storage.News) {
	defer f.loop.Kick()
	if !f.mu.TryLock() {
		return
	}
	defer f.mu.Unlock()
	if f.joined && news.After == f.applied {
		f.fence(news.Changes)
	}
}

// apply takes the next changes of the log. Where the log is not the one that
// was followed, everything is forgotten and followed anew.
func (f *follower) apply(ctx context.Context) (anew bool, err error) {
	e := f.engine
	changes, err := e.cfg.Store.Changes(ctx, f.applied, changesAtOnce)
	if errors.Is(err, storage.ErrGap) || err == nil && len(changes) == 0 {
		return true, f.rejoin(ctx)
	}
	if err != nil {
		return false, err
	}
	f.fence(changes)
	f.applied = changes[len(changes)-1].Position
	return false, nil
}

// fence has everything read anew that changes concern.
func (f *follower) fence(changes []storage.Change) {
	f.engine.cache.Fence(changes)
	f.engine.catalogue.fence(changes)
	f.engine.streams.note(changes)
}

func (f *follower) rejoin(ctx context.Context) error {
	e := f.engine
	e.cfg.Log.Warn("the change log began anew, as after a restore: forgetting everything in memory")
	// First the head: what is read behind the reset is at least as new, so
	// that no change lies between it and where the log is followed from.
	head, err := e.cfg.Store.Confirm(ctx)
	e.cache.Reset()
	e.catalogue.reset()
	e.streams.markAll()
	e.teller.trail.anew.Store(true)
	if err != nil {
		return err
	}
	f.applied = head
	return nil
}
