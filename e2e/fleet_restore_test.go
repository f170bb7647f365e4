package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// copied and restored are a backup within the database: all tables as they
// were, in one transaction, under gates that run on.
const tablesOf = `SELECT tablename FROM pg_tables WHERE schemaname = 'public'`

func (f *trio) backUp() {
	f.t.Helper()
	f.sql(`DROP SCHEMA IF EXISTS backup CASCADE; CREATE SCHEMA backup;
		DO $$ DECLARE name text; BEGIN FOR name IN ` + tablesOf + ` LOOP
			EXECUTE format('CREATE TABLE backup.%I AS SELECT * FROM public.%I', name, name);
		END LOOP; END $$`)
}

func (f *trio) restore() {
	f.t.Helper()
	f.sql(`BEGIN; SET LOCAL session_replication_role = replica;
		DO $$ DECLARE name text; BEGIN FOR name IN ` + tablesOf + ` LOOP
			EXECUTE format('DELETE FROM public.%I', name);
			EXECUTE format('INSERT INTO public.%I OVERRIDING SYSTEM VALUE SELECT * FROM backup.%I', name, name);
		END LOOP; END $$; COMMIT`)
}

// A backup of a time when all gates were there is put in place of what came
// later, and keys are revoked at once.
func TestAReceiptHoldsRightBehindARestoreFromABackup(t *testing.T) {
	t.Parallel()
	const atOnce = 5
	rounds := sized(1, 20)
	f := setupTrio(t, sharedPostgres(t), options{app: faultApp, before: quiet, behind: "respond ok"})
	chance := seeded(t)
	good := f.members[0].plant(1, nil)
	var times []time.Duration
	for range rounds {
		made := f.members[0].plant(atOnce, nil)
		f.warm(made)
		f.awaitRegistered(3)
		f.backUp()
		lost := f.members[0].plant(1, nil)
		f.warm(lost)
		for range chance.IntN(5) { // the log that is lost may be longer than what follows, or shorter
			f.members[0].plant(1, nil)
		}
		f.restore()
		at := f.members[chance.IntN(3)]
		times = append(times, f.revokeAll(at, made)...)
		for _, m := range f.members {
			q := m.queue(append(made, lost...))
			q.send(t)
			for i, c := range q.clients {
				want := "revoked_key"
				if i == atOnce {
					want = "unknown_key"
				}
				if got, err := c.answer(); err != nil || got.code() != want {
					t.Errorf("behind a receipt, %v, %v; want %s", got, err, want)
				}
			}
		}
		f.settled(good[0])
	}
	logTimes(t, "a receipt right behind a restore", times)
}

// With serve_stale, a receipt waits for as long as a gate may go on.
func TestAReceiptHoldsWhereOneOfThreeGatesServesOnWithoutTheDatabase(t *testing.T) {
	t.Parallel()
	const atOnce, stale = 5, 2 * time.Second
	rounds := sized(1, 20)
	f := setupTrio(t, sharedPostgres(t), options{app: faultApp + "\non_store_failure serve_stale 2s", before: quiet, behind: "respond ok"})
	good, victim := f.members[0].plant(1, nil), f.members[2]
	early := 0
	for range rounds {
		r := f.outlive(t, victim, outage{trust: stale, begin: func(_ *trio, m *member) { m.line.Cut() }, end: heal}, atOnce)
		logTimes(t, "a receipt while a gate may serve on for 2s", r.receipts)
		early += r.early
		f.settled(good[0])
	}
	if early == 0 {
		t.Error("a gate that was cut off a moment ago lets no known key in")
	}
}

// A gate that starts in the middle of revocations.
func TestAReceiptHoldsForAGateThatJoinsDuringTheRevocation(t *testing.T) {
	t.Parallel()
	const keys = 20
	rounds := sized(1, 20)
	f := setupTrio(t, sharedPostgres(t), options{before: quiet, behind: "respond ok"})
	last, allowed := f.members[2], 0
	for range rounds {
		last.stop()
		made := f.members[0].plant(keys, nil)
		asks := make([]string, len(made))
		for i, k := range made {
			asks[i] = last.request(http.MethodGet, "/", append([]string{k.bearer()}, "Connection: close")...)
		}
		var working sync.WaitGroup
		stop, seen := make(chan struct{}), make([][]exchanged, len(made))
		working.Go(func() {
			for {
				for i, ask := range asks {
					one := exchanged{sent: time.Now()}
					got, err := exchange(last.addr, ask)
					one.status, one.code, one.err = got.status, got.code(), err
					seen[i] = append(seen[i], one)
				}
				select {
				case <-stop:
					return
				default:
				}
			}
		})
		receipts := make([]time.Time, len(made))
		working.Go(func() { defer close(stop); receipts = f.revokeUntil(last, made) })
		last.start()
		working.Wait()
		for i := range made {
			for _, one := range seen[i] {
				if one.status == http.StatusOK && one.sent.After(receipts[i]) {
					t.Errorf("let in %v behind the receipt", one.sent.Sub(receipts[i]))
				} else if one.status == http.StatusOK {
					allowed++
				}
			}
		}
	}
	t.Logf("%d calls were let in before their keys were revoked", allowed)
}

// revokeUntil revokes one key after the other, the last ones once a gate
// serves, and returns when the receipts came.
func (f *trio) revokeUntil(serves *member, made []key) []time.Time {
	receipts := make([]time.Time, len(made))
	for i, k := range made {
		if i == len(made)/2 {
			becomes(startWithin, func() bool { return accepts(serves.addr) })
		}
		got, err := f.members[i%2].revoke(k.ID, "15s")
		if err != nil || !got.Receipt.Confirmed {
			f.t.Errorf("%+v, %v", got, err)
		}
		receipts[i] = time.Now()
	}
	return receipts
}

func TestAWaitThatIsShorterThanTheBoundSaysThatNothingIsConfirmed(t *testing.T) {
	t.Parallel()
	rounds := sized(3, 100)
	f := setupTrio(t, sharedPostgres(t), options{app: "max_staleness 10s", before: quiet, behind: "respond ok"})
	victim := f.members[2]
	for _, k := range f.members[0].plant(rounds, nil) {
		f.warm([]key{k})
		victim.freeze(t)
		got, err := f.members[0].revoke(k.ID, "100ms")
		if r := got.Receipt; err != nil || r.Confirmed || r.ConfirmedAt != nil || r.Nodes != 3 || len(r.Pending) != 1 || !strings.Contains(r.Pending[0], "/") {
			t.Errorf("%s, %v", fmt.Sprintf("%+v", got), err)
		}
		victim.thaw()
		eventually(t, startWithin, "the gate refuses the key", func() bool { return victim.get("/", k.bearer()).code() == "revoked_key" })
		f.awaitRegistered(3)
	}
}
