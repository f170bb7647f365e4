package e2e

import (
	"slices"
	"sync"
	"testing"
	"time"
)

// endListening ends the connections on which gates hear of changes.
const endListening = `SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN %'`

// Nobody hears of changes, again and again.
func TestSTORE07RACE02RACE03ARevocationIsInForceThoughNoGateHearsOfIt(t *testing.T) {
	t.Parallel()
	const staleness = 2 * time.Second
	trials := sized(10, 200)
	f := setupTrio(t, sharedPostgres(t), options{app: downApp, before: quiet, behind: "respond ok"})
	over := make(chan struct{})
	var ending sync.WaitGroup
	ending.Go(func() {
		for {
			select {
			case <-over:
				return
			default:
				f.sql(endListening)
			}
		}
	})
	deaf := f.revokeDelays(t, trials)
	close(over)
	ending.Wait()
	logTimes(t, "call to the last gate's first refusal, without wake-ups", deaf)
	if late := slices.Max(deaf); late > staleness {
		t.Errorf("refused after %v, want max_staleness (%v) at most", late, staleness)
	}
	const three = "3"
	eventually(t, startWithin, "all gates hear of changes again", func() bool {
		return f.sql(`SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN %'`) == three
	})
	logTimes(t, "call to the last gate's first refusal, with wake-ups again", f.revokeDelays(t, trials))
	f.awaitRegistered(3)
}

// revokeDelays revokes keys that every gate has in memory, one after the
// other, and returns how long after each call the last gate refused.
func (f *trio) revokeDelays(t *testing.T, trials int) (delays []time.Duration) {
	t.Helper()
	for i, k := range f.members[0].plant(trials, nil) {
		watching := watchEvery(t, f.gates(), k, probeEvery)
		began := time.Now()
		if _, err := f.members[i%len(f.members)].revoke(k.ID, ""); err != nil {
			t.Fatal(err)
		}
		last := time.Duration(0)
		for _, w := range watching {
			first := w.firstRefusal(t)
			w.wantRefused(t, first)
			last = max(last, first.Sub(began))
		}
		delays = append(delays, last)
	}
	return delays
}
