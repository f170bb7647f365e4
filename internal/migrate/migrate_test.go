package migrate

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
	"github.com/keystile/keystile/internal/storage/sqlcore"
)

func TestAllThatAStoreTellsIsTheSameAfterAMigration(t *testing.T) {
	eachWay(t, func(t *testing.T, from, to Store) {
		furnish(t, from, 1203)
		was := read(t, from)
		report, err := migration(from, to).Run(t.Context())
		must(t, err)
		wantSame(t, was, to)
		if len(report.Tables) != len(sqlcore.Tables) {
			t.Fatalf("reported %d tables of %d", len(report.Tables), len(sqlcore.Tables))
		}
		for _, table := range report.Tables {
			if table.Rows == 0 || table.Written > table.Rows || len(table.Digest) != 64 {
				t.Errorf("reported %+v", table)
			}
		}
	})
}

// What is made afterwards gets numbers behind those that came along.
func TestAStoreThatWasFilledIsUsedLikeAnyOther(t *testing.T) {
	eachWay(t, func(t *testing.T, from, to Store) {
		furnish(t, from, 3)
		_, err := migration(from, to).Run(t.Context())
		must(t, err)
		update(t, to, func(ctx context.Context, tx storage.Tx) error {
			return errors.Join(tx.AppendAudit(ctx, entry("aud_after")),
				tx.InsertScheme(ctx, keys.Scheme{ID: "sch_3", Algorithm: "sha256"}), tx.DeleteKey(ctx, "key_many_00001"))
		})
		must(t, to.ApplyUsage(t.Context(), usageBatch("node-c", 1, "key_plain")))
		is := read(t, to)
		if is.Audit[0].ID != "aud_after" || is.Schemes[2].ID != "sch_3" || is.Activity["key_plain"][0].Missed != 1 || len(is.Activity["key_plain"]) != 4 {
			t.Errorf("what came last isn't last: %+v, %+v, %+v", is.Audit, is.Schemes, is.Activity["key_plain"])
		}
	})
}

// A gate that followed the empty store's log must not believe that it knows
// what is in there now; one that comes later can follow it from where it is.
func TestNobodyTakesTheLogOfAFilledStoreForTheOneThatTheyFollowed(t *testing.T) {
	eachWay(t, func(t *testing.T, from, to Store) {
		furnish(t, from, 3)
		before, err := to.Confirm(t.Context())
		must(t, err)
		theirs, err := from.Confirm(t.Context())
		must(t, err)
		_, err = migration(from, to).Run(t.Context())
		must(t, err)
		for _, position := range []storage.Position{before, theirs} {
			if _, err := to.Changes(t.Context(), position, 10); !errors.Is(err, storage.ErrGap) {
				t.Errorf("after %+v: got error %v, want a gap", position, err)
			}
		}
		head, err := to.Confirm(t.Context())
		must(t, err)
		update(t, to, func(ctx context.Context, tx storage.Tx) error { return tx.DeleteKey(ctx, "key_plain") })
		changes, err := to.Changes(t.Context(), head, 10)
		if err != nil || len(changes) != 1 || changes[0].Name != "key_plain" {
			t.Errorf("after the head: %+v, %v", changes, err)
		}
	})
}

func TestAStoreThatIsLeftTakesUsageAndTheTrailOfRefusalsAndNothingElse(t *testing.T) {
	eachWay(t, func(t *testing.T, from, to Store) {
		furnish(t, from, 3)
		_, err := migration(from, to).Run(t.Context())
		must(t, err)
		for what, fn := range changes() {
			_, err := from.Update(t.Context(), func(tx storage.Tx) error { return fn(t.Context(), tx) })
			if moving, ok := errors.AsType[*storage.MovingError](err); !ok || moving.Into || !moving.Since.Equal(noon) || !has(err.Error(), "--abort") {
				t.Errorf("%s: got error %v", what, err)
			}
		}
		update(t, from, func(ctx context.Context, tx storage.Tx) error { return tx.AppendAudit(ctx, entry("aud_refused")) })
		must(t, from.ApplyUsage(t.Context(), usageBatch("node-b", 2, "key_plain")))
		must(t, Abort(t.Context(), from))
		for what, fn := range changes() {
			if _, err := from.Update(t.Context(), func(tx storage.Tx) error { return fn(t.Context(), tx) }); err != nil {
				t.Errorf("%s, once it was given up: %v", what, err)
			}
		}
		if err := Abort(t.Context(), from); !errors.Is(err, ErrNone) {
			t.Errorf("given up twice: %v", err)
		}
	})
}

// changes are ways to change what is being moved.
func changes() map[string]func(context.Context, storage.Tx) error {
	return map[string]func(context.Context, storage.Tx) error{
		"a key is deleted": func(ctx context.Context, tx storage.Tx) error { return tx.DeleteKey(ctx, "key_plain") },
		"a profile is made": func(ctx context.Context, tx storage.Tx) error {
			return tx.InsertProfile(ctx, storage.Profile{Name: "new", Workspace: "acme", CreatedAt: noon})
		},
		"a profile is deleted": func(ctx context.Context, tx storage.Tx) error { return tx.DeleteProfile(ctx, "acme", "calm") },
		"a creation is kept": func(ctx context.Context, tx storage.Tx) error {
			return tx.PutCreation(ctx, storage.Creation{Caller: "c", Time: noon})
		},
		"creations are dropped": func(ctx context.Context, tx storage.Tx) error { return tx.DropCreations(ctx, noon, 10) },
	}
}

// The gates go on flushing into the store that is left until they use the other
// one, which counts by then, too.
func TestUsageThatComesMeanwhileIsCountedOnce(t *testing.T) {
	eachWay(t, func(t *testing.T, from, to Store) {
		furnish(t, from, 3)
		m := migration(from, &onAlter{Store: to, then: func(n int) error {
			if n == 8 { // in the middle of the copy
				return from.ApplyUsage(t.Context(), usageBatch("node-a", 3, "key_plain"))
			}
			return nil
		}})
		report, err := m.Run(t.Context())
		must(t, err)
		if report.Batches != 1 {
			t.Errorf("brought over %d batches", report.Batches)
		}
		must(t, from.ApplyUsage(t.Context(), usageBatch("node-a", 4, "key_plain")))
		must(t, from.ApplyUsage(t.Context(), usageBatch("node-a", 4, "key_plain"))) // once more, in doubt
		update(t, from, func(ctx context.Context, tx storage.Tx) error { return tx.AppendAudit(ctx, entry("aud_refused")) })
		was := read2(t, from)
		must(t, to.ApplyUsage(t.Context(), usageBatch("node-new", 1, "key_new")))
		for i, want := range []Report{{Batches: 1, Entries: 1}, {}} {
			report, err := migration(from, to).Run(t.Context())
			must(t, err)
			if report.Batches != want.Batches || report.Entries != want.Entries || report.Tables != nil {
				t.Errorf("run %d: %+v", i, report)
			}
		}
		is := read(t, to)
		if is.Totals["key_plain"] != was["key_plain"] || is.Totals["key_plain"].Calls != 15 || is.Totals["key_new"].Calls != 6 {
			t.Errorf("counted %+v, and there %+v", was, is.Totals)
		}
		if is.Audit[0].ID != "aud_refused" || len(is.Audit) != 6 {
			t.Errorf("the trail is %+v", is.Audit)
		}
	})
}

// A store may keep large batches for a while before they are in its sums, which
// are what is copied.
func TestLargeBatchesThatCameLastAreMovedAlong(t *testing.T) {
	eachWay(t, func(t *testing.T, from, to Store) {
		furnish(t, from, 3)
		large := func(sequence int64) storage.UsageBatch {
			b := usageBatch("node-large", sequence, "key_plain")
			for i := range 500 {
				b.Cells = append(b.Cells, storage.UsageCell{KeyID: "key_gone", Hour: noon, Endpoint: strconv.Itoa(i), Outcome: "2xx", Count: 1, Last: noon})
			}
			return b
		}
		must(t, from.ApplyUsage(t.Context(), large(1)))
		must(t, from.ApplyUsage(t.Context(), large(2)))
		come := func(sequence int64, at int) func(int) error {
			return func(n int) error {
				if n == at {
					return from.ApplyUsage(t.Context(), large(sequence))
				}
				return nil
			}
		}
		// The move has begun, and nothing is copied; then in the middle of it.
		m := migration(&onAlter{Store: from, lost: come(3, 1)}, &onAlter{Store: to, then: come(4, 8)})
		report, err := m.Run(t.Context())
		must(t, err)
		if report.Batches != 2 {
			t.Errorf("brought over %d batches", report.Batches)
		}
		was, is := read2(t, from), read(t, to).Totals
		if is["key_plain"] != was["key_plain"] || is["key_gone"] != was["key_gone"] || is["key_gone"].Calls < 4*500 {
			t.Errorf("counted %+v, and there %+v", was, is)
		}
	})
}

func TestUsageThatOnlyALaterVersionCanReadIsNotLeftBehind(t *testing.T) {
	eachWay(t, func(t *testing.T, from, to Store) {
		furnish(t, from, 3)
		must(t, from.Alter(t.Context(), func(q *sqlcore.Session) error {
			return q.Exec(t.Context(), "INSERT INTO usage_journal (since, format, amount, cells) VALUES (0, 2, 300, ?)", []byte("?"))
		}))
		if _, err := migration(from, to).Run(t.Context()); err == nil || !strings.Contains(err.Error(), "a later version stored") {
			t.Errorf("moved, and said %v", err)
		}
		update(t, from, func(ctx context.Context, tx storage.Tx) error { return tx.DeleteKey(ctx, "key_plain") }) // it wasn't left
	})
}

// read2 are the totals of a store that can't be changed.
func read2(t *testing.T, s Store) (totals map[keys.ID]storage.UsageTotal) {
	t.Helper()
	must(t, s.View(t.Context(), func(r storage.Reader) (err error) {
		totals, err = r.UsageTotals(t.Context(), used)
		return err
	}))
	return totals
}

func TestWhatHasComeSinceIsToldTableByTable(t *testing.T) {
	t.Parallel()
	from, to := onSQLite(t), onSQLite(t)
	furnish(t, from, 3)
	m := migration(from, to)
	var told []string
	m.Progress = func(table Table) {
		if table.Digest == "" {
			told = append(told, table.Name)
		}
	}
	began := time.Now()
	m.Now = func() time.Time { return noon.Add(time.Since(began)) }
	_, err := m.Run(t.Context())
	must(t, err)
	for i, table := range sqlcore.Tables {
		if told[i] != table.Name {
			t.Errorf("told %v", told)
		}
	}
}
