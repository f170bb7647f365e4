package usage_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
	"github.com/keystile/keystile/internal/usage"
)

func TestFLEET04BatchWhoseAcknowledgementWasLostIsCountedOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.count("key_1", 10)
	b.store.fail(nil, errLost)
	b.flush(t, errLost)
	b.flush(t, nil) // known already
	b.store.wantCalls("key_1", 10)
}

func TestBatchInDoubtIsRepeatedUnchangedWhileNewCountsGather(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.count("key_1", 10)
	b.store.fail(errDown, nil)
	for range 5 {
		b.flush(t, errDown)
		b.count("key_1", 1) // into the very cell that is frozen
		b.count("key_2", 1)
	}
	b.store.fail(nil, nil)
	b.flush(t, nil) // the store of the test compares what comes twice
	b.store.wantCalls("key_1", 15)
	b.store.wantCalls("key_2", 5)
}

func TestStoreIsAskedOncePerIntervalAndNotAtAllWithoutCounts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setup(t)
		b.Start(t.Context())
		for range 100 {
			for key := range 50 {
				b.count(keys.ID(fmt.Sprint("key_", key)), 3)
			}
			time.Sleep(100 * time.Millisecond)
		}
		synctest.Wait()
		b.store.wantTransactions(10, "in ten seconds of calls")
		time.Sleep(time.Hour)
		synctest.Wait()
		b.store.wantTransactions(10, "after an idle hour")
		if err := b.Stop(); err != nil {
			t.Error(err)
		}
		b.store.wantTransactions(10, "after the stop")
		b.store.wantCalls("key_7", 300)
	})
}

func TestIntervalCanBeChangedWhileFlushing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setup(t)
		b.SetInterval(time.Hour)
		b.Start(t.Context())
		b.count("key_1", 1)
		time.Sleep(time.Minute)
		synctest.Wait()
		b.store.wantCalls("key_1", 0)
		b.SetInterval(time.Second)
		synctest.Wait()
		time.Sleep(time.Second)
		synctest.Wait()
		b.store.wantCalls("key_1", 1)
		if err := b.Stop(); err != nil {
			t.Error(err)
		}
	})
}

func TestLargeBacklogGoesInBoundedBatches(t *testing.T) {
	t.Parallel()
	b := setup(t)
	usage.SetBatchBound(b.Recorder, 100)
	for i := range 1050 {
		b.count(keys.ID(fmt.Sprint("key_", i)), 2)
	}
	b.flush(t, nil)
	b.store.wantTransactions(11, "for 1050 cells")
	for _, batches := range b.store.seen {
		for n, cells := range batches {
			if len(cells) > 100 {
				t.Errorf("batch %d has %d cells, want 100 at most", n, len(cells))
			}
		}
	}
	if got := len(b.store.backup().cells); got != 1050 {
		t.Errorf("%d cells in the store, want 1050", got)
	}
}

func TestDATA01WaitingCountsTakeMemoryByCellsNotByCalls(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.store.fail(errDown, nil)
	for range 100 {
		b.count("key_1", 1000)
		b.flush(t, errDown)
	}
	if got := b.Stats().PendingCells; got != 2 { // frozen, and gathering beside it
		t.Errorf("%d cells wait after 100000 calls of one kind, want 2", got)
	}
	b.store.fail(nil, nil)
	b.flush(t, nil)
	b.store.wantCalls("key_1", 100_000)
}

func TestStoreThatHangsIsLeftAfterTheTimeout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setup(t)
		b.store.before = func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		}
		b.count("key_1", 1)
		start := time.Now()
		b.flush(t, context.DeadlineExceeded)
		if took := time.Since(start); took != flushTimeout {
			t.Errorf("the flush took %v, want %v", took, flushTimeout)
		}
	})
}

// A store that was put back forgets batches that it acknowledged; what it
// still gets must be counted, and once.
func TestRestoredStoreNeitherLosesNorDoublesWhatComesAfterwards(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for range 3 {
		b.count("key_1", 1)
		b.flush(t, nil)
	}
	old := b.store.backup()
	b.count("key_1", 10) // lost with the restore, as is everything since the backup
	b.flush(t, nil)
	b.store.restore(old)
	b.count("key_1", 100)
	b.store.fail(nil, errLost) // even the first batch of the new incarnation is in doubt
	b.flush(t, errLost)
	b.store.fail(nil, nil)
	b.count("key_1", 1000)
	b.flush(t, nil)
	b.store.wantCalls("key_1", 1103)
	b.flush(t, nil)
	b.store.wantCalls("key_1", 1103)
}

func TestStoreThatRefusesEveryOrderIsAFailureAndNotAnEndlessLoop(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.count("key_1", 1)
	b.flush(t, nil)
	b.count("key_1", 1)
	b.store.fail(storage.ErrOutOfOrder, nil)
	b.flush(t, storage.ErrOutOfOrder)
	b.flush(t, storage.ErrOutOfOrder)
	b.store.fail(nil, nil)
	b.flush(t, nil)
	b.store.wantCalls("key_1", 2)
}

func TestStopWritesWhatWasCountedAndMayBeCalledTwice(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setup(t)
		if err := b.Stop(); err != nil {
			t.Errorf("stop before the start: %v", err)
		}
		b.Start(t.Context())
		b.Start(t.Context())
		b.count("key_1", 10)
		for range 2 {
			if err := b.Stop(); err != nil {
				t.Error(err)
			}
			b.store.wantCalls("key_1", 10)
		}
	})
}

func TestStatsTellWhatWaitsAndForHowLong(t *testing.T) {
	t.Parallel()
	b := setup(t)
	now := noon
	b.cfg.Now = func() time.Time { return now }
	b.Flusher = usage.NewFlusher(b.Recorder, b.store, b.cfg)
	b.want(t, usage.Stats{})
	b.count("key_1", 3)
	b.flush(t, nil)
	b.want(t, usage.Stats{Flushes: 1})
	b.store.fail(errDown, nil)
	b.count("key_1", 3)
	b.flush(t, errDown)
	now = now.Add(time.Minute)
	b.count("key_2", 3)
	b.flush(t, errDown)
	b.want(t, usage.Stats{PendingCells: 2, Flushes: 1, Failures: 2, OldestUnflushed: time.Minute})
	b.store.fail(nil, nil)
	b.flush(t, nil)
	b.want(t, usage.Stats{Flushes: 3, Failures: 2})
}

func (b *bench) want(t *testing.T, want usage.Stats) {
	t.Helper()
	if got := b.Stats(); got != want {
		t.Errorf("stats are %+v, want %+v", got, want)
	}
}
