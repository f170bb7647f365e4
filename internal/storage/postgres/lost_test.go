package postgres

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/servertest"
	"github.com/keystile/keystile/internal/storage"
)

func TestAConnectionThatIsLostInATransactionLeavesNothingHalfDone(t *testing.T) {
	t.Parallel()
	s := setup(t)
	beside := raw(t, s)
	runs := 0
	revision, err := s.Update(t.Context(), func(tx storage.Tx) error {
		if runs++; runs == 1 {
			must(t, tx.InsertKey(t.Context(), newKey("key_lost")))
			mustExec(t, beside, cut)
		}
		return errors.Join(tx.InsertKey(t.Context(), newKey("key_a")), tx.InsertKey(t.Context(), newKey("key_b")))
	})
	if err != nil || revision != 1 || runs != 2 {
		t.Fatalf("revision %d after %d runs: %v", revision, runs, err)
	}
	for id, there := range map[keys.ID]bool{"key_lost": false, "key_a": true, "key_b": true} {
		if key, err := find(t.Context(), s, id); err != nil || (key != nil) != there {
			t.Errorf("%s: %v (%v)", id, key, err)
		}
	}
}

// A server that ends every transaction must not be asked for ever.
func TestATransactionIsTriedAFewTimesOnly(t *testing.T) {
	t.Parallel()
	s := setup(t)
	beside := raw(t, s)
	runs := 0
	_, err := s.Update(t.Context(), func(tx storage.Tx) error {
		runs++
		mustExec(t, beside, cut)
		return tx.InsertKey(t.Context(), newKey("key_a"))
	})
	wantUnknown(t, "update", err)
	if runs != attempts {
		t.Errorf("%d runs, want %d", runs, attempts)
	}
}

// What a commit came to is not known when the connection ends in it: it must
// not be done again.
func TestACommitInDoubtIsNotRepeated(t *testing.T) {
	t.Parallel()
	s := setup(t)
	beside := raw(t, s)
	s.OnCommit(func([]storage.Change) { mustExec(t, beside, cut) })
	runs := 0
	_, err := s.Update(t.Context(), func(tx storage.Tx) error {
		runs++
		return tx.InsertKey(t.Context(), newKey("key_a"))
	})
	wantUnknown(t, "update", err)
	if runs != 1 {
		t.Errorf("%d runs, want one", runs)
	}
	s.OnCommit(func([]storage.Change) {})
	if _, err := insert(t.Context(), s, "key_a"); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

func TestUsageIsCountedOnceThoughConnectionsAreCut(t *testing.T) {
	t.Parallel()
	s := setup(t)
	beside := raw(t, s)
	const batches = 20
	for i := range batches {
		batch := storage.UsageBatch{Incarnation: "a", Sequence: int64(i + 1), Cells: []storage.UsageCell{
			{KeyID: "key_a", Hour: noon, Outcome: "2xx", Count: 1, Last: noon},
		}}
		if i%3 == 0 {
			mustExec(t, beside, cut)
		}
		eventually(t, "applied", func() bool { return s.ApplyUsage(t.Context(), batch) == nil })
	}
	must(t, s.View(t.Context(), func(r storage.Reader) error {
		totals, err := r.UsageTotals(t.Context(), []keys.ID{"key_a"})
		if totals["key_a"].Calls != batches {
			t.Errorf("%d calls, want %d", totals["key_a"].Calls, batches)
		}
		return err
	}))
}

// A batch whose acknowledgement was lost is repeated, maybe while its first
// transaction is still under way.
func TestABatchThatIsSentTwiceAtOnceCountsOnce(t *testing.T) {
	t.Parallel()
	s := setup(t)
	handles := []*Store{s, open(t, s.cfg.pool.ConnString()), open(t, s.cfg.pool.ConnString())}
	const batches = 30
	for i := range batches {
		batch := storage.UsageBatch{Incarnation: "a", Sequence: int64(i + 1), Cells: []storage.UsageCell{
			{KeyID: "key_a", Hour: noon, Outcome: "2xx", Count: 1, Last: noon},
		}}
		var group sync.WaitGroup
		for _, own := range handles {
			group.Go(func() {
				if err := own.ApplyUsage(t.Context(), batch); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
	}
	must(t, s.View(t.Context(), func(r storage.Reader) error {
		totals, err := r.UsageTotals(t.Context(), []keys.ID{"key_a"})
		if totals["key_a"].Calls != batches {
			t.Errorf("%d calls, want %d", totals["key_a"].Calls, batches)
		}
		return err
	}))
}

func TestAServerThatWasRestartedServesAgainWithoutHelp(t *testing.T) {
	t.Parallel()
	p := own(t)
	s := open(t, empty(t, p))
	must(t, s.Migrate(t.Context()))
	_, err := insert(t.Context(), s, "key_a")
	must(t, err)
	for what, end := range map[string]func() error{"stopped": p.Stop, "killed": p.Kill} {
		must(t, end())
		_, err := find(t.Context(), s, "key_a")
		wantUnknown(t, "look-up of a server that is "+what, err)
		_, err = insert(t.Context(), s, "key_b")
		wantUnknown(t, "insert", err)
		must(t, p.Start())
		if key, err := find(t.Context(), s, "key_a"); err != nil || key == nil {
			t.Errorf("%s and started again: %v (%v)", what, key, err)
		}
	}
	_, err = insert(t.Context(), s, "key_b")
	must(t, err)
}

// A writer that stands still, such as a process that was stopped, is ended by
// the server: others go on, and what it did is undone.
func TestAWriterThatStandsStillIsEnded(t *testing.T) {
	t.Parallel()
	s := setup(t)
	other := open(t, s.cfg.pool.ConnString())
	_, err := s.Update(t.Context(), func(tx storage.Tx) error {
		must(t, tx.InsertKey(t.Context(), newKey("key_still")))
		_, err := insert(t.Context(), other, "key_a")
		must(t, err)
		return nil
	})
	wantUnknown(t, "the one that stood still", err)
	if key, err := find(t.Context(), s, "key_still"); err != nil || key != nil {
		t.Errorf("it left %v (%v)", key, err)
	}
}

// A server that takes connections, and is silent.
func TestSTORE03ACallIsHeldUpNoLongerThanItsContext(t *testing.T) {
	t.Parallel()
	for what, ways := range map[string][]servertest.Way{
		"both ways": {servertest.ToServer, servertest.ToClient}, "questions": {servertest.ToServer}, "answers": {servertest.ToClient},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			proxy, err := servertest.NewProxy(shared(t).Address())
			must(t, err)
			t.Cleanup(func() { must(t, proxy.Close()) })
			s := open(t, strings.Replace(empty(t, shared(t)), shared(t).Address(), proxy.Address(), 1))
			must(t, s.Migrate(t.Context()))
			_, err = insert(t.Context(), s, "key_a")
			must(t, err)
			for _, way := range ways {
				proxy.BlackHole(way)
			}
			for range 2 { // on a connection from before, and on a new one
				wantHeldUp(t, s)
			}
			proxy.Heal()
			eventually(t, "found again", func() bool {
				key, err := find(t.Context(), s, "key_a")
				return err == nil && key != nil
			})
			_, err = insert(t.Context(), s, "key_c")
			must(t, err)
		})
	}
}

// wantHeldUp checks that calls end with their contexts.
func wantHeldUp(t *testing.T, s *Store) {
	t.Helper()
	for what, call := range map[string]func(context.Context) error{
		"look-up": func(ctx context.Context) error {
			_, err := find(ctx, s, "key_a")
			return err
		},
		"insert": func(ctx context.Context) error {
			_, err := insert(ctx, s, "key_b")
			return err
		},
		"beat": func(ctx context.Context) error {
			_, err := s.Beat(ctx, storage.Beat{Incarnation: "a"})
			return err
		},
		"view": func(ctx context.Context) error { return s.View(ctx, func(storage.Reader) error { return nil }) },
	} {
		ctx, end := context.WithTimeout(t.Context(), 50*time.Millisecond)
		err := call(ctx)
		end()
		wantUnknown(t, what, err)
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v, want the context's end", what, err)
		}
	}
}

// Whoever ends a process waits only for so long.
func TestAStoreWhoseServerIsSilentCanBeClosed(t *testing.T) {
	t.Parallel()
	server := shared(t)
	line, err := servertest.NewProxy(server.Address())
	must(t, err)
	s := open(t, strings.Replace(empty(t, server), server.Address(), line.Address(), 1))
	must(t, s.Migrate(t.Context()))
	_, err = s.Confirm(t.Context())
	must(t, err)
	line.BlackHole(servertest.ToServer)
	within, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err = s.Confirm(within)
	wantUnknown(t, "a question that nobody gets", err)
	began := time.Now()
	must(t, s.Close())
	if took := time.Since(began); took > 2*closeWithin {
		t.Errorf("closed after %v, want %v", took, closeWithin)
	}
	must(t, line.Close())
}
