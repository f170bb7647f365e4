package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/keystile/keystile/internal/storage"
)

// askAgainEvery is how often a store is asked that nobody has reached yet.
const askAgainEvery = time.Second

// beginWithin bounds what an engine asks first.
const beginWithin = 10 * time.Second

// prepare doesn't ask a store again that answered already: a configuration can
// be replaced while the store is away. Nor does it wait for one that nobody
// reaches: until somebody does, requests are refused, which is what they would
// meet if the store went away later.
func (e *Engine) prepare(ctx context.Context, s *Settings) error {
	switch {
	case !e.started:
		return e.beginOrAwait(ctx, s)
	case s.samePeppers(e.settings.current.Load()):
		return nil
	}
	return e.checkPeppers(ctx, s)
}

func (e *Engine) beginOrAwait(ctx context.Context, s *Settings) error {
	e.teller.queue.Start(context.WithoutCancel(ctx))
	err := e.begin(ctx, s)
	if !errors.Is(err, storage.ErrUnreachable) {
		return err
	}
	if !e.confirmed.failing.Swap(true) {
		e.cfg.Log.Error("the store doesn't answer: requests are refused until it does", "error", err)
	}
	e.adopt(s)
	e.awaiter.Start(context.WithoutCancel(ctx))
	return nil
}

// beginLater begins, unless that is done. A store that can be reached and not
// be used, such as one of keys with another pepper, is asked again, too: it may
// be mended.
func (e *Engine) beginLater(ctx context.Context) {
	e.starting.Lock()
	defer e.starting.Unlock()
	if e.started {
		e.awaiter.SetInterval(0)
		return
	}
	err := e.begin(ctx, e.settings.current.Load())
	e.teller.watch.look()
	switch {
	case err == nil:
		e.cfg.Log.Info("the store answers")
	case !errors.Is(err, storage.ErrUnreachable) && !e.unusable:
		e.unusable = true
		e.cfg.Log.Error("the store can't be used: requests are refused until it can", "error", err)
	}
}

func (e *Engine) checkPeppers(ctx context.Context, s *Settings) error {
	dropped, err := storage.CheckPeppers(ctx, e.cfg.Store, s.Hasher, s.LostPeppers, e.cfg.Now())
	if dropped != nil {
		e.cfg.Log.Warn("keys of a dropped pepper are unknown from here on", "reason", dropped.Error())
	}
	return err
}

// begin does what comes before the first request.
func (e *Engine) begin(ctx context.Context, s *Settings) error {
	if err := e.cfg.Store.Migrate(ctx); err != nil {
		return fmt.Errorf("prepare the store: %w", err)
	}
	if err := e.firstQuestions(ctx, s); err != nil {
		return err
	}
	if err := e.flusher.Replay(ctx); err != nil {
		// What was spooled stays where it is; keys can be served all the same.
		e.cfg.Log.Error("counts of an earlier run could not be replayed", "error", err)
	}
	beside := context.WithoutCancel(ctx)
	e.limits.start(beside)
	e.tender.Start(beside)
	e.follower.pace(s)
	e.follower.loop.Start(beside)
	e.node.loop.Start(beside)
	e.flusher.Start(beside)
	e.sweeper.Start(beside)
	e.cutter.Start(beside)
	e.teller.trail.follow(ctx) // from here on, and not from whenever its loop comes to it
	e.teller.start(beside)
	e.pruner.Start(beside)
	e.pruner.Kick()
	e.confirmed.failing.Store(false)
	e.started = true
	close(e.ready)
	return nil
}

// firstQuestions are what is asked of a store that is up to date. One that
// leaves them unanswered is one that nobody reaches.
func (e *Engine) firstQuestions(ctx context.Context, s *Settings) error {
	within, cancel := context.WithTimeout(ctx, beginWithin)
	defer cancel()
	err := e.checkPeppers(within, s)
	if err == nil {
		e.adopt(s)
		e.node.join(within)
		if err = e.follower.begin(within); err != nil {
			err = fmt.Errorf("read the change log: %w", err)
		}
	}
	if err != nil && within.Err() != nil && ctx.Err() == nil {
		return fmt.Errorf("%w: %w", storage.ErrUnreachable, err)
	}
	return err
}
