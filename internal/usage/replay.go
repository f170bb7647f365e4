package usage

import (
	"context"
	"errors"
	"fmt"

	"github.com/keystile/keystile/internal/storage"
)

// Replay brings to the store what earlier runs left in the spool; where the
// store doesn't answer, every flush tries again. A batch that the store has
// already changes nothing. The error speaks of that, and, once, of files that
// can't be read, which wait for the next start, and of files that hold no
// batch, which are kept under another name.
func (f *Flusher) Replay(ctx context.Context) error {
	select {
	case f.turn <- struct{}{}:
	case <-ctx.Done():
		return fmt.Errorf("replay usage: wait for a flush: %w", ctx.Err())
	}
	defer f.yield()
	return f.replayOnce(context.WithoutCancel(ctx))
}

func (f *Flusher) replayOnce(ctx context.Context) error {
	if f.replayed {
		return nil
	}
	paths, err := f.spool.list()
	problems := []error{err}
	for _, path := range paths {
		batch, err := f.spool.read(path)
		if batch == nil {
			problems = append(problems, err) // nothing to send; the other files may do
			continue
		}
		if err := f.replayBatch(ctx, *batch); err != nil {
			problems = append(problems, fmt.Errorf("replay usage from %s: %w", path, err))
			return errors.Join(problems...) // the rest can wait, too
		}
		f.cfg.Log.Info("usage of an earlier run was written", "file", path, "calls", allowedCalls(batch.Cells))
		problems = append(problems, f.spool.remove(path))
	}
	f.replayed = true
	return errors.Join(problems...)
}

func (f *Flusher) replayBatch(ctx context.Context, batch storage.UsageBatch) error {
	err := f.send(ctx, batch)
	if errors.Is(err, storage.ErrOutOfOrder) {
		return f.send(ctx, reborn(batch))
	}
	return err
}

// spoolRest writes to the spool what the last flush left, and why.
func (f *Flusher) spoolRest(cause error) error {
	ledger := &f.recorder.ledger
	if cells, _ := ledger.waiting(); cells == 0 {
		return nil // notes alone
	}
	if f.cfg.SpoolDir == "" {
		return fmt.Errorf("%d calls are not counted: %w", ledger.calls(), cause)
	}
	calls := ledger.calls()
	for batch := ledger.next(); batch != nil; batch = ledger.next() {
		if err := f.spoolSums(batch); err != nil {
			return fmt.Errorf("%d calls are not counted: %w", ledger.calls(), errors.Join(cause, err))
		}
		ledger.settle()
	}
	f.replayed = false
	f.cfg.Log.Warn("usage could not be written; it is kept in a file, and written at the next start",
		"folder", f.cfg.SpoolDir, "calls", calls, "error", cause)
	return nil
}

// spoolSums writes what is exact of a batch: one of notes alone isn't worth a
// file.
func (f *Flusher) spoolSums(batch *storage.UsageBatch) error {
	if len(batch.Cells) == 0 {
		return nil
	}
	return f.spool.write(*batch)
}
