package postgres

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
	"github.com/keystile/keystile/internal/storage/storagetest"
)

func large(sequence int64, amount int) storage.UsageBatch {
	return storagetest.CallsOf("a", sequence, amount)
}

// wantCalls checks what readers find of key_0.
func wantCalls(t *testing.T, s *Store, want int64) {
	t.Helper()
	var all map[keys.ID]storage.UsageTotal
	must(t, s.View(t.Context(), func(r storage.Reader) (err error) {
		all, err = r.UsageTotals(t.Context(), []keys.ID{"key_0"})
		return err
	}))
	if n := all["key_0"].Calls; n != want {
		t.Errorf("%d calls, want %d", n, want)
	}
}

// wantWaiting checks how many batches are in the journal.
func wantWaiting(t *testing.T, s *Store, want int) {
	t.Helper()
	var n int
	must(t, raw(t, s).QueryRow(t.Context(), "SELECT count(*) FROM usage_journal").Scan(&n))
	if n != want {
		t.Errorf("%d batches wait, want %d", n, want)
	}
}

func TestDATA04DamagedBatchIsReportedOnceAndHarmsNoOther(t *testing.T) {
	t.Parallel()
	var alarms alarms
	s := setup(t, OnCorrupt(alarms.raise))
	must(t, s.ApplyUsage(t.Context(), large(1, 300)))
	must(t, s.ApplyUsage(t.Context(), large(2, 300)))
	mustExec(t, raw(t, s), `UPDATE usage_journal SET cells = overlay(cells PLACING '\x00'::bytea FROM 100) WHERE seq = 1`)
	wantCalls(t, s, 1)
	must(t, s.ApplyUsage(t.Context(), large(3, 300)))
	wantCalls(t, s, 2)
	if !slices.Equal(alarms.ids, []string{"1"}) {
		t.Errorf("alarms for %v, want one for batch 1", alarms.ids)
	}
	wantWaiting(t, s, 1)
}

func TestABatchThatTheSumsDoNotTakeHarmsNoOther(t *testing.T) {
	t.Parallel()
	var alarms alarms
	s := setup(t, OnCorrupt(alarms.raise))
	mustExec(t, raw(t, s), "ALTER TABLE usage_cells ADD CONSTRAINT unwilling CHECK (key_id <> 'key_bad')")
	for sequence := range int64(5) {
		b := large(sequence+1, 300)
		if sequence == 2 {
			b.Cells[7].KeyID = "key_bad"
		}
		must(t, s.ApplyUsage(t.Context(), b))
	}
	wantCalls(t, s, 4)
	if !slices.Equal(alarms.ids, []string{"3"}) {
		t.Errorf("alarms for %v, want one for batch 3", alarms.ids)
	}
	wantWaiting(t, s, 1)
}

func TestNothingWaitsInAStoreThatWasClosed(t *testing.T) {
	t.Parallel()
	s := setup(t)
	must(t, s.ApplyUsage(t.Context(), large(1, 300)))
	wantWaiting(t, s, 1)
	must(t, s.Close())
	wantWaiting(t, s, 0)
}

func TestUsageIsReadWithoutItsLastSecondsFromAServerThatIsReadOnly(t *testing.T) {
	t.Parallel()
	first := setup(t)
	must(t, first.ApplyUsage(t.Context(), large(1, 1)))
	must(t, first.ApplyUsage(t.Context(), large(2, 300)))
	mustExec(t, raw(t, first), `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = on', current_database()); END $$`)
	s := open(t, first.cfg.pool.ConnString()) // whose connections are made from here on
	wantCalls(t, s, 1)
	cost := func(ctx context.Context, whole bool) (n int64, err error) {
		err = s.View(ctx, func(r storage.Reader) (err error) {
			n, err = r.UsageCost(ctx, storage.UsageOf{Lineage: "key_0", Whole: whole}, noon)
			return err
		})
		return n, err
	}
	if _, err := cost(t.Context(), true); err == nil || !strings.Contains(err.Error(), "put flushed usage into the sums") || !strings.Contains(err.Error(), "read-only") {
		t.Errorf("a sum that has to be whole: %v", err)
	}
	if _, err := cost(t.Context(), false); err != nil {
		t.Error(err)
	}
}
