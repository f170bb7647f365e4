package sqlite

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
	"github.com/keystile/keystile/internal/storage/sqlcore"
	"github.com/keystile/keystile/internal/storage/storagetest"
)

func large(sequence int64, amount int) storage.UsageBatch {
	return storagetest.CallsOf("a", sequence, amount)
}

// callsOf are the calls of a key, as far as readers find them.
func callsOf(ctx context.Context, s *Store, id keys.ID) (n int64, err error) {
	err = s.View(ctx, func(r storage.Reader) error {
		all, err := r.UsageTotals(ctx, []keys.ID{id})
		n = all[id].Calls
		return err
	})
	return n, err
}

func wantCalls(t *testing.T, s *Store, want int64) {
	t.Helper()
	if n, err := callsOf(t.Context(), s, "key_0"); err != nil || n != want {
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
	flush(1) // goes into the sums; what waits has done so for ten seconds
	wantWaiting(t, s.path, 0)
	wantCalls(t, s, sequence)
}

func TestListsThatDoNotDependOnUsageLeaveItWaiting(t *testing.T) {
	t.Parallel()
	s := setup(t)
	must(t, s.ApplyUsage(t.Context(), large(1, 300)))
	must(t, s.View(t.Context(), func(r storage.Reader) error {
		for _, f := range []storage.KeyFilter{{}, {EndsBefore: noon}, {Order: storage.KeyOrder{By: storage.ByName}}, {Offset: 1}} {
			f.Workspace, f.Now = storage.DefaultWorkspace, noon
			if _, err := r.Keys(t.Context(), f); err != nil {
				return err
			}
		}
		return nil
	}))
	wantWaiting(t, s.path, 1)
}

func TestWhatANewerVersionPackedIsLeftAlone(t *testing.T) {
	t.Parallel()
	var alarms alarms
	s := setup(t, OnCorrupt(alarms.raise))
	must(t, s.ApplyUsage(t.Context(), large(1, 300)))
	mustExec(t, raw(t, s.path), "UPDATE usage_journal SET format = 2")
	must(t, s.ApplyUsage(t.Context(), large(2, 300)))
	wantCalls(t, s, 1)
	wantWaiting(t, s.path, 1)
	mustExec(t, raw(t, s.path), "UPDATE usage_journal SET format = 1")
	wantCalls(t, s, 2)
	if raised := alarms.all(); len(raised) != 0 {
		t.Errorf("alarms for %v", raised)
	}
}

func TestABatchThatTheSumsDoNotTakeHarmsNoOther(t *testing.T) {
	t.Parallel()
	var alarms alarms
	s := setup(t, OnCorrupt(alarms.raise))
	mustExec(t, raw(t, s.path), "CREATE TRIGGER unwilling BEFORE INSERT ON usage_cells WHEN new.key_id = 'key_bad' BEGIN SELECT RAISE(ABORT, 'no'); END")
	for sequence := range int64(5) {
		b := large(sequence+1, 300)
		if sequence == 2 {
			b.Cells[7].KeyID = "key_bad"
		}
		must(t, s.ApplyUsage(t.Context(), b))
	}
	wantCalls(t, s, 4)
	must(t, s.ApplyUsage(t.Context(), large(6, 300)))
	wantCalls(t, s, 5)
	if raised := alarms.all(); !slices.Equal(raised, []string{"3"}) {
		t.Errorf("alarms for %v, want one for batch 3", raised)
	}
	mustExec(t, raw(t, s.path), "DROP TRIGGER unwilling")
	mustExec(t, raw(t, s.path), "UPDATE usage_journal SET format = 1")
	wantCalls(t, s, 6)
}

func TestAMoveBeginsThoughABatchIsNotTaken(t *testing.T) {
	t.Parallel()
	s := setup(t)
	mustExec(t, raw(t, s.path), "CREATE TRIGGER unwilling BEFORE INSERT ON usage_cells WHEN new.key_id = 'key_0' BEGIN SELECT RAISE(ABORT, 'no'); END")
	must(t, s.ApplyUsage(t.Context(), large(1, 300)))
	must(t, s.Alter(t.Context(), func(*sqlcore.Session) error { return nil }))
	wantWaiting(t, s.path, 1)
}

func TestThatUsageCannotBeAddedUpIsToldOnceAndHoldsUpNoFlush(t *testing.T) {
	t.Parallel()
	told := 0
	s := setup(t, OnUnposted(func(error) { told++ }))
	other, sequence := raw(t, s.path), int64(0)
	flush := func(times int) {
		for range times {
			sequence++
			must(t, s.ApplyUsage(t.Context(), large(sequence, 300)))
			mustExec(t, other, "UPDATE usage_journal SET since = 0")
		}
	}
	for round := 1; round <= 2; round++ {
		mustExec(t, other, "ALTER TABLE usage_totals RENAME TO away")
		flush(5)
		if told != round {
			t.Errorf("told %d times in %d rounds", told, round)
		}
		mustExec(t, other, "ALTER TABLE away RENAME TO usage_totals")
		flush(2)
		wantCalls(t, s, sequence)
	}
}

// A posting that takes longer than there is time for is tried with less.
func TestWhatIsTooMuchForTheTimeIsPostedInSmallerParts(t *testing.T) {
	t.Parallel()
	const batches, each, fit = 8, 300, 700
	s := setup(t)
	for i := range batches {
		b := large(int64(i+1), each)
		for n := range b.Cells {
			b.Cells[n].KeyID = keys.ID(fmt.Sprint("key_", i*each+n))
		}
		must(t, s.ApplyUsage(t.Context(), b))
	}
	var expire context.CancelFunc
	j := sqlcore.NewJournal(sqlcore.JournalConfig{
		Change: s.change, Unfit: unfit, Add: func(ctx context.Context, q *sqlcore.Session, cells []storage.UsageCell) error {
			if len(cells) > fit {
				expire()
				return ctx.Err()
			}
			return addUsage(ctx, q, cells)
		},
	})
	attempts := 0
	for err := context.Canceled; err != nil && attempts < 2*batches; attempts++ {
		var ctx context.Context
		ctx, expire = context.WithCancel(t.Context())
		err = j.Post(ctx)
		expire()
	}
	wantWaiting(t, s.path, 0)
	if attempts < 2 {
		t.Error("all of it was posted at once: this shows nothing")
	}
}

func TestDamagedBatchesGoWhenTheyAreTooOld(t *testing.T) {
	t.Parallel()
	s := setup(t)
	must(t, s.ApplyUsage(t.Context(), large(1, 300)))
	mustExec(t, raw(t, s.path), "UPDATE usage_journal SET cells = x'00', since = ?", noon.Add(-time.Hour).UnixMicro())
	for _, kept := range []struct {
		since   time.Time
		batches int
	}{{noon.Add(-2 * time.Hour), 1}, {noon, 0}} {
		_, err := s.PruneUsage(t.Context(), storage.UsagePrune{CellsBefore: kept.since, Limit: 1000})
		must(t, err)
		wantWaiting(t, s.path, kept.batches)
	}
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
			n, err = r.UsageCost(t.Context(), storage.UsageOf{Lineage: "key_0", Whole: true}, noon)
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
