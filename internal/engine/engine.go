// Package engine is what outlives a configuration: one store with the memory
// in front of it, the buckets of its keys, and the counters of their use. Any
// number of gates, of this configuration and of the one before it, share one
// engine.
package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/keystile/keystile/internal/background"
	"github.com/keystile/keystile/internal/keycache"
	"github.com/keystile/keystile/internal/limit"
	"github.com/keystile/keystile/internal/quota"
	"github.com/keystile/keystile/internal/storage"
	"github.com/keystile/keystile/internal/usage"
)

// ErrUnavailable says that the engine can't tell at present.
var ErrUnavailable = keycache.ErrUnavailable

const (
	// lookupTimeout bounds one read of the store, and how long a request waits
	// for it, the reads before it included.
	lookupTimeout = 2 * time.Second
	// readyTimeout bounds how long a request waits for an engine that starts.
	readyTimeout = 5 * time.Second
	// finalTimeout bounds the last flush.
	finalTimeout = 5 * time.Second
	// sweepEvery is how often buckets that are full again are forgotten.
	sweepEvery = 30 * time.Second
)

// Config is what an engine is made of. It can't change while it lives.
type Config struct {
	Store   storage.Store
	Limiter limit.Limiter
	// Node is the name of this process among those that share the store.
	Node string
	// SpoolDir is where counts wait that the store didn't take at the end;
	// empty: nowhere.
	SpoolDir string
	Now      func() time.Time
	Log      *slog.Logger
	// Stats is where the engine counts; several engines may share it.
	Stats *Stats
}

// Engine decides nothing; it knows.
type Engine struct {
	cfg       Config
	cache     *keycache.Cache[Entry]
	finder    atomic.Pointer[storage.Finder]
	catalogue catalogue
	recorder  *usage.Recorder
	flusher   *usage.Flusher
	strangers *usage.Unnoted
	unlisted  *usage.Unlisted
	follower  *follower
	node      *node
	sweeper   *background.Loop
	commons   commons
	streams   streams
	quotas    *quota.Table
	tender    *background.Loop // of quotas that nodes share
	limits    limits
	guesses   atomic.Pointer[Guesses]
	commits   commits
	confirmed confirmation
	cutter    *background.Loop
	pruner    *background.Loop
	teller    teller
	rolledUp  atomic.Pointer[time.Time] // days before have no hours any more; nil: nobody knows

	settings   settings
	inflight   inflight
	complaints complaints
	stats      *Stats

	starting sync.Mutex
	started  bool
	awaiter  *background.Loop // begins once there is a store
	unusable bool             // it said why it can't
	ready    chan struct{}
	closing  sync.Once
	closed   error
}

// New makes an engine that does nothing yet: it reads and writes only once
// started.
func New(cfg Config) (*Engine, error) { return newEngine(cfg, &DefaultSettings) }

// newEngine is New with the settings that are in force until there are others.
func newEngine(cfg Config, first *Settings) (*Engine, error) {
	e := &Engine{cfg: cfg, stats: cfg.Stats, ready: make(chan struct{})}
	e.inflight.init()
	e.settings.current.Store(first)
	e.finder.Store(storage.NewFinder(cfg.Store, first.Hasher))
	cache, err := keycache.New(keycache.Config{Entries: first.CacheSize, Base: cfg.Now(), Patience: lookupTimeout}, e.load)
	if err != nil {
		return nil, fmt.Errorf("make the key cache: %w", err)
	}
	e.cache = cache
	e.catalogue = catalogue{
		store: cfg.Store, reading: make(chan struct{}, 1), reachable: e.reachable,
		trusted: func() bool { return !e.blind(cfg.Now()) },
	}
	e.catalogue.reset()
	e.recorder = usage.NewRecorder(uuid.NewString())
	e.strangers, e.unlisted = e.recorder.Unnoted(storage.StrangerID), e.recorder.Unlisted()
	e.flusher = usage.NewFlusher(e.recorder, countedStore{cfg.Store, e.stats}, usage.FlusherConfig{
		Interval: first.FlushInterval, Timeout: finalTimeout, SpoolDir: cfg.SpoolDir, Now: cfg.Now, Log: cfg.Log,
	})
	e.node = newNode(e)
	e.follower = newFollower(e)
	e.sweeper = background.NewLoop(sweepEvery, e.sweep)
	e.shareQuotas()
	e.commons.init()
	e.limits.init(e)
	e.streams.init()
	e.cutter = background.NewLoop(checkStreamsEvery, e.checkStreams)
	e.pruner = background.NewLoop(pruneEvery, e.prune)
	e.awaiter = background.NewLoop(askAgainEvery, e.beginLater)
	e.initTeller()
	cfg.Store.OnCommit(e.beforeCommit)
	cfg.Store.OnNews(e.follower.hear)
	return e, nil
}

// Begin opens the store, brings its schema up to date and begins the work
// beside the requests, where that wasn't done yet. It is the part of a Start
// that can fail, for peppers that the store's keys were not made under, too. Of
// an engine that had begun nothing, s is in force until there is a Start.
func (e *Engine) Begin(ctx context.Context, s *Settings) error {
	e.starting.Lock()
	defer e.starting.Unlock()
	return e.prepare(ctx, s)
}

// Start is Begin, and puts the settings in force until Retire. An engine may be
// started any number of times.
func (e *Engine) Start(ctx context.Context, s *Settings) error {
	e.starting.Lock()
	defer e.starting.Unlock()
	if err := e.prepare(ctx, s); err != nil {
		return err
	}
	e.adopt(e.settings.push(s))
	return nil
}

// Retire takes back the settings that a Start brought: those of the latest
// Start that still stands are in force again.
func (e *Engine) Retire(s *Settings) {
	e.awaiter.Stop() // it may hold the lock for as long as a store is silent
	e.starting.Lock()
	defer e.starting.Unlock()
	e.adopt(e.settings.remove(s))
	if !e.started && len(e.settings.standing) > 0 {
		e.awaiter.Start(context.Background())
	}
}

// adopt puts settings in force. Buckets, quotas and counters stay as they are.
func (e *Engine) adopt(s *Settings) {
	was := e.settings.current.Swap(s)
	e.flusher.SetInterval(s.FlushInterval)
	e.cache.Resize(s.CacheSize)
	e.boundGuesses(s.UnknownKeys)
	if s.UsageRetention != was.UsageRetention {
		e.pruner.Kick()
	}
	if !s.samePeppers(was) {
		e.finder.Store(storage.NewFinder(e.cfg.Store, s.Hasher))
		e.cache.Renew() // behind the new finder: what was asked of the old one doesn't count
	}
	e.limits.setDeny(s.DenyWithoutLimiter)
	e.node.reconsider(s)
	e.follower.pace(s)
	if s.Events != was.Events {
		e.teller.listen()
	}
	e.node.loop.Kick() // the store has to know for how long memory is believed
}

// Enter says that a request needs the engine, until Leave with what Enter
// returned. ok is false where the engine is closed.
func (e *Engine) Enter() (at uint32, ok bool) { return e.inflight.enter() }

// Leave ends what Enter began.
func (e *Engine) Leave(at uint32) { e.inflight.leave(at) }

// Close ends an engine that no configuration needs any more: it waits for
// late requests, since Caddy lets the servers of a replaced configuration
// finish what they were reading, and for the last one to end; then it flushes
// what was counted and closes the store. It returns false where Keep called it
// off meanwhile.
func (e *Engine) Close(late time.Duration) (closed bool, err error) { return e.Closing(late)() }

// Closing is Close in two steps: from its return on, Keep calls off what the
// returned function then does.
func (e *Engine) Closing(late time.Duration) func() (closed bool, err error) {
	kept := e.inflight.announce()
	return func() (bool, error) {
		if !e.inflight.linger(kept, late) {
			return false, nil
		}
		e.closing.Do(func() { e.closed = e.close() })
		return true, e.closed
	}
}

// Keep calls a Close off; false where it is too late for that.
func (e *Engine) Keep() bool { return e.inflight.keep() }

// Hurry is Close for the end of the process: requests that are still under
// way after so long are not waited for, by a Close that waits already neither.
func (e *Engine) Hurry(within time.Duration) error {
	timer := time.AfterFunc(within, e.inflight.giveUp)
	defer timer.Stop()
	_, err := e.Close(0)
	return err
}

func (e *Engine) close() error {
	if n := e.inflight.count(); n > 0 {
		e.cfg.Log.Warn("closing the store while requests are under way", "requests", n)
	}
	e.awaiter.Stop()
	e.starting.Lock()
	defer e.starting.Unlock()
	var flushed error
	if e.started {
		e.teller.stop()
		e.pruner.Stop()
		e.cutter.Stop()
		e.sweeper.Stop()
		e.follower.loop.Stop()
		e.node.loop.Stop()
		e.tender.Stop()
		e.quotas.Retire(context.Background(), e.cfg.Now())
		e.limits.stop()
	}
	e.teller.queue.Stop()
	e.node.leave() // also where only the beginning failed
	if e.started {
		if flushed = e.flusher.Stop(); flushed != nil {
			e.stats.UsageDropped.Add(e.flusher.Unwritten())
		}
	}
	e.cache.Close()
	err := errors.Join(flushed, e.cfg.Store.Close())
	if err != nil {
		e.cfg.Log.Error("closing the store failed", "error", err)
	}
	return err
}

// Strangers counts requests without a key that is known.
func (e *Engine) Strangers() *usage.Unnoted { return e.strangers }

// Unlisted counts what keys called and no route lists.
func (e *Engine) Unlisted() *usage.Unlisted { return e.unlisted }

// Denials notes requests that are refused.
func (e *Engine) Denials() *usage.Denials { return e.recorder.Denials() }

// Flush writes what was counted so far to the store.
func (e *Engine) Flush(ctx context.Context) error { return e.flusher.Flush(ctx) }

// beforeCommit runs in a transaction of this process, before its commit is
// sent: from here on, memory of what it changes is not believed.
func (e *Engine) beforeCommit(changes []storage.Change) {
	e.cache.Fence(changes)
	e.catalogue.fence(changes)
}

// Store is the store that the engine knows from. Changes that are made through
// it are in force here at once.
func (e *Engine) Store() storage.Store {
	return followedStore{accountedStore{e.cfg.Store, &e.commits}, e.follower.loop.Kick}
}

// followedStore has its own changes followed without waiting for the next poll.
type followedStore struct {
	storage.Store
	committed func()
}

func (s followedStore) Update(ctx context.Context, fn func(storage.Tx) error) (storage.Revision, error) {
	defer s.committed() // an unknown outcome included
	return s.Store.Update(ctx, fn)
}

// catchUpTimeout bounds how long somebody waits for this node to know of a
// change that it will know of anyway.
const catchUpTimeout = time.Second

// CatchUp applies what was committed, and tells the store so, before the next
// poll would. Where the store can't tell or be told, that stays to be done.
func (e *Engine) CatchUp(ctx context.Context) {
	select {
	case <-e.ready:
	default:
		return // it has decided nothing yet
	}
	// A client that goes away in the middle must not make the store look away.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), catchUpTimeout)
	defer cancel()
	e.follower.poll(ctx)
	_ = e.node.tell(ctx) // else the loop does, and reports
}
