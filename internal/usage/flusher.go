package usage

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/keystile/keystile/internal/background"
	"github.com/keystile/keystile/internal/storage"
)

// Store is what usage needs of storage.Store, whose contract holds.
type Store interface {
	ApplyUsage(ctx context.Context, batch storage.UsageBatch) error
}

// FlusherConfig says how a Flusher works.
type FlusherConfig struct {
	// Interval is the time between flushes.
	Interval time.Duration
	// Timeout bounds one transaction of the store, and the last flush.
	Timeout time.Duration
	// SpoolDir is a folder for counts that the last flush couldn't write; it
	// must serve this store alone, and is made when it is needed. Empty: such
	// counts are lost.
	SpoolDir string
	Now      func() time.Time
	Log      *slog.Logger // nil: none
}

// Flusher brings what a Recorder gathered to the store: each interval at most
// one batch, unless there is something to catch up on.
type Flusher struct {
	recorder *Recorder
	store    Store
	cfg      FlusherConfig
	spool    spool
	loop     *background.Loop
	turn     chan struct{} // held by the one flush that is under way
	rounds   rounds

	failing  bool // belongs to the loop
	replayed bool // nothing is left in the spool that could be replayed; belongs to whoever has the turn

	flushes  atomic.Int64
	failures atomic.Int64
}

// NewFlusher makes a flusher that does nothing until it is started.
func NewFlusher(r *Recorder, store Store, cfg FlusherConfig) *Flusher {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	f := &Flusher{recorder: r, store: store, cfg: cfg, spool: spool{cfg.SpoolDir}, turn: make(chan struct{}, 1)}
	f.loop = background.NewLoop(cfg.Interval, f.tick)
	return f
}

// Start begins to flush each interval.
func (f *Flusher) Start(ctx context.Context) { f.loop.Start(ctx) }

// SetInterval changes the time between flushes.
func (f *Flusher) SetInterval(d time.Duration) { f.loop.SetInterval(d) }

// Stop ends the flushes with a last one, of everything that was counted before
// the call. What the store doesn't take within the timeout goes to the spool;
// an error says that even that failed, and how many calls will not be counted
// unless Stop is called again and succeeds. Flushes that were asked for and
// haven't begun by then fail: none comes after the last.
func (f *Flusher) Stop() error {
	// From here on, and not from the end of a flush that is under way: what
	// ends the process may not wait for both.
	ctx, cancel := context.WithTimeout(context.Background(), f.cfg.Timeout)
	defer cancel()
	f.loop.Stop()
	f.turn <- struct{}{}
	defer f.yield()
	defer f.rounds.dismiss(errStopping)
	if err := f.flush(ctx); err != nil {
		return f.spoolRest(err)
	}
	return nil
}

func (f *Flusher) yield() { <-f.turn }

func (f *Flusher) tick(ctx context.Context) {
	err := f.Flush(ctx)
	switch {
	case ctx.Err() != nil:
		return // stopping: the last flush tells how it ends
	case err != nil && !f.failing:
		f.cfg.Log.Error("flushing usage failed; what wasn't written is kept, and tried again each interval", "error", err)
	case err == nil && f.failing:
		f.cfg.Log.Info("flushing usage succeeds again")
	}
	f.failing = err != nil
}

// flush sweeps once, and writes until nothing is left of that.
func (f *Flusher) flush(ctx context.Context) error {
	f.recorder.sweep(f.cfg.Now())
	for {
		batch := f.recorder.ledger.next()
		if batch == nil {
			return nil
		}
		if err := f.apply(ctx, *batch); err != nil {
			f.failures.Add(1)
			return fmt.Errorf("flush usage: %w", err)
		}
	}
}

// apply sends the batch on its way. It returns nil if that brought us further.
func (f *Flusher) apply(ctx context.Context, batch storage.UsageBatch) error {
	err := f.send(ctx, batch)
	switch {
	case err == nil:
		f.recorder.ledger.settle()
		f.flushes.Add(1)
	case errors.Is(err, storage.ErrOutOfOrder) && batch.Sequence > 1:
		f.cfg.Log.Warn("the store no longer knows batches of usage that it acknowledged, as after a restore",
			"incarnation", batch.Incarnation, "sequence", batch.Sequence)
		f.recorder.ledger.restart()
	default:
		return err // in doubt: it stays frozen
	}
	return nil
}

func (f *Flusher) send(ctx context.Context, batch storage.UsageBatch) error {
	ctx, cancel := context.WithTimeout(ctx, f.cfg.Timeout)
	defer cancel()
	return f.store.ApplyUsage(ctx, batch)
}

// Stats says how the flushes are doing.
type Stats struct {
	PendingCells int   // swept up and not known to be stored
	Flushes      int64 // batches that the store acknowledged
	Failures     int64 // flushes that it did not
	// OldestUnflushed is how long the oldest pending cell has waited; 0 where
	// there is none.
	OldestUnflushed time.Duration
	Spooled         int // files of usage that wait for the store
}

// Unwritten is how many allowed calls are not known to be stored: behind a Stop
// that failed, those that are lost.
func (f *Flusher) Unwritten() int64 { return f.recorder.ledger.calls() }

// Stats may be called at any time.
func (f *Flusher) Stats() Stats {
	cells, since := f.recorder.ledger.waiting()
	s := Stats{PendingCells: cells, Flushes: f.flushes.Load(), Failures: f.failures.Load()}
	if cells > 0 {
		s.OldestUnflushed = max(0, f.cfg.Now().Sub(since))
	}
	files, _ := f.spool.list() // what can't be read is told where it matters
	s.Spooled = len(files)
	return s
}
