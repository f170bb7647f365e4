package e2e

import (
	"net/http"
	"slices"
	"testing"
	"time"
)

// From the call that revokes a key at one gate, to the last
// gate's first refusal.
func TestFLEET02RACE02ARevokedKeyIsRefusedByTheLastOfThreeGatesWithinMilliseconds(t *testing.T) {
	const staleness = 10 * time.Second // the default
	trials := sized(30, 1000)
	f := setupTrio(t, sharedPostgres(t), options{before: quiet, behind: "respond ok"})
	chance := seeded(t)
	halt := f.loaded(f.members[0].plant(20, nil), 1, 50)
	var last, here, answered []time.Duration
	for i, k := range f.members[0].plant(trials, nil) {
		at := f.members[i%len(f.members)]
		watching := watchEvery(t, f.gates(), k, time.Millisecond)
		becomes(time.Duration(chance.Int64N(int64(2*probeEvery))), func() bool { return false }) // at any time
		began := time.Now()
		if _, err := at.revoke(k.ID, ""); err != nil {
			t.Fatal(err)
		}
		behind := time.Now()
		answered = append(answered, behind.Sub(began))
		slowest := time.Duration(0)
		for j, w := range watching {
			first := w.firstRefusal(t)
			if f.members[j] == at {
				here = append(here, first.Sub(began))
				w.wantRefused(t, behind)
			} else {
				w.wantRefused(t, first)
			}
			slowest = max(slowest, first.Sub(began))
		}
		last = append(last, slowest)
	}
	halt()
	logTimes(t, "the revoking call", answered)
	logTimes(t, "call to first refusal at the gate that was called", here)
	logTimes(t, "call to the last gate's first refusal", last)
	if late := slices.Max(last); late > staleness {
		t.Errorf("refused after %v, want max_staleness (%v) at most", late, staleness)
	}
}

// firstRefusal is when a watcher was first refused; it waits for that.
func (w *watcher) firstRefusal(t *testing.T) time.Time {
	t.Helper()
	var at time.Time
	eventually(t, startWithin, "the key is refused", func() bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		for _, one := range w.made {
			if one.status != http.StatusOK {
				at = one.came
				return true
			}
		}
		return false
	})
	return at
}
