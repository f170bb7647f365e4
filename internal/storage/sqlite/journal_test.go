package sqlite

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

// large is a batch of one call each of so many keys.
func large(sequence int64, amount int) storage.UsageBatch {
	b := storage.UsageBatch{Incarnation: "a", Sequence: sequence}
	for i := range amount {
		b.Cells = append(b.Cells, storage.UsageCell{KeyID: keys.ID(fmt.Sprint("key_", i)), Hour: noon, Outcome: "2xx", Count: 1, Cost: 1, Last: noon})
	}
	return b
}

// calls are the calls of key_0, as far as readers find them.
func calls(ctx context.Context, s *Store) (n int64, err error) {
	err = s.View(ctx, func(r storage.Reader) error {
		all, err := r.UsageTotals(ctx, []keys.ID{"key_0"})
		n = all["key_0"].Calls
		return err
	})
	return n, err
}

func wantCalls(t *testing.T, s *Store, want int64) {
	t.Helper()
	if n, err := calls(t.Context(), s); err != nil || n != want {
		t.Errorf("%d calls (%v), want %d", n, err, want)
	}
}

// wantWaiting checks how many batches are in the journal.
func wantWaiting(t *testing.T, path string, want int) {
	t.Helper()
	var n int
	must(t, raw(t, path).QueryRowContext(t.Context(), "SELECT count(*) FROM usage_journal").Scan(&n))
	if n != want {
		t.Errorf("%d batches wait, want %d", n, want)
	}
}

func TestSmallBatchesAreInTheSumsAtOnce(t *testing.T) {
	t.Parallel()
	s := setup(t)
	must(t, s.ApplyUsage(t.Context(), large(1, 250)))
	wantWaiting(t, s.path, 0)
	must(t, s.ApplyUsage(t.Context(), large(2, 251)))
	wantWaiting(t, s.path, 1)
	wantCalls(t, s, 2)
	wantWaiting(t, s.path, 0)
}

func TestBatchesWaitUntilThereAreManyCellsOrOneWaitedForLong(t *testing.T) {
	t.Parallel()
	s := setup(t)
	sequence := int64(0)
	flush := func(amount int) {
		sequence++
		must(t, s.ApplyUsage(t.Context(), large(sequence, amount)))
	}
	for waiting := range 5 {
		wantWaiting(t, s.path, waiting)
		flush(9_999)
	}
	flush(251) // too many cells
	wantWaiting(t, s.path, 0)
	flush(251)
	mustExec(t, raw(t, s.path), "UPDATE usage_journal SET since = since - 10000000")
	flush(1) // goes into the sums, and leaves what waits
	wantWaiting(t, s.path, 1)
	flush(251) // the first has waited for ten seconds
	wantWaiting(t, s.path, 0)
	wantCalls(t, s, sequence)
}

func TestUsageThatWaitsIsThereAfterTheProcessIsKilled(t *testing.T) {
	t.Parallel()
	s := setup(t)
	must(t, s.ApplyUsage(t.Context(), large(1, 300)))
	wantCalls(t, open(t, s.path), 1) // another process; this one never closed the file
}

func TestNothingWaitsInAFileThatWasClosed(t *testing.T) {
	t.Parallel()
	s := setup(t)
	must(t, s.ApplyUsage(t.Context(), large(1, 300)))
	must(t, s.Close())
	wantWaiting(t, s.path, 0)
	wantCalls(t, open(t, s.path), 1)
}

func TestUsageIsReadWithoutItsLastSecondsWhereTheDatabaseIsHeld(t *testing.T) {
	t.Parallel()
	s := setup(t, BusyTimeout(50*time.Millisecond))
	must(t, insert(t.Context(), s, "key_0"))
	must(t, s.ApplyUsage(t.Context(), large(1, 1)))
	must(t, s.ApplyUsage(t.Context(), large(2, 300)))
	cost := func() (n int64, err error) {
		err = s.View(t.Context(), func(r storage.Reader) (err error) {
			n, err = r.UsageCost(t.Context(), storage.UsageOf{Lineage: "key_0"}, noon)
			return err
		})
		return n, err
	}

	release := hold(t, s.path)
	wantCalls(t, s, 1)
	_, err := cost()
	wantLine(t, err, "put flushed usage into the sums", "held by another process")
	release()

	wantCalls(t, s, 2)
	if n, err := cost(); err != nil || n != 2 {
		t.Errorf("a cost of %d (%v), want 2", n, err)
	}
}

func TestDATA04DamagedBatchIsReportedOnceAndHarmsNoOther(t *testing.T) {
	t.Parallel()
	for what, how := range map[string]string{
		"overwritten": `x'00'`, "cut off": `substr(cells, 1, length(cells) / 2)`, "empty": `x''`, "of no batch": `x'03ff82'`,
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			var alarms alarms
			s := setup(t, OnCorrupt(alarms.raise))
			must(t, s.ApplyUsage(t.Context(), large(1, 300)))
			must(t, s.ApplyUsage(t.Context(), large(2, 300)))
			mustExec(t, raw(t, s.path), "UPDATE usage_journal SET cells = "+how+" WHERE seq = 1")
			wantCalls(t, s, 1)
			must(t, s.ApplyUsage(t.Context(), large(3, 300)))
			wantCalls(t, s, 2)
			if raised := alarms.all(); !slices.Equal(raised, []string{"1"}) {
				t.Errorf("alarms for %v, want one for batch 1", raised)
			}
			wantWaiting(t, s.path, 1) // for whoever can mend it
		})
	}
}
