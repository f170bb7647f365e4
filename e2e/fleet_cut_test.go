package e2e

import (
	"net/http"
	"testing"
	"time"
)

// A gate that is cut off while its key is revoked elsewhere refuses
// no later than max_staleness after, and knows why once it is back.
func TestFLEET03AGateThatIsCutOffRefusesARevokedKeyWithinMaxStaleness(t *testing.T) {
	t.Parallel()
	rounds := sized(1, 100)
	f, victim := setupOutages(t, options{app: faultApp, before: quiet, behind: "respond ok"})
	good := f.members[0].plant(1, nil)
	f.warm(good)
	for _, o := range outages[:sized(3, len(outages))] {
		if o.told {
			continue // it hears of the revocation
		}
		t.Run("FLEET-03 "+o.name, func(t *testing.T) {
			var lasts []time.Duration
			for _, k := range f.members[0].plant(rounds, nil) {
				f.warm([]key{k})
				watching := watchEvery(t, []*gate{victim.gate}, k, probeEvery)[0]
				o.begin(f, victim)
				if _, err := f.members[0].revoke(k.ID, ""); err != nil {
					t.Fatal(err)
				}
				revoked := time.Now()
				over := revoked.Add(faultStaleness + time.Second)
				becomes(time.Minute, func() bool { return time.Now().After(over) })
				o.end(f, victim)
				lasts = append(lasts, watching.lastAllowed(t, revoked))
				f.settled(good[0])
				if got := victim.get("/", k.bearer()); got.code() != "revoked_key" {
					t.Errorf("back again, the gate answers %v", got)
				}
			}
			logTimes(t, "the gate let the key in after the revocation, for", lasts)
		})
	}
}

// lastAllowed ends the calls, and returns how long after a time the last one
// was sent that was let in; those that were sent max_staleness after must not
// be.
func (w *watcher) lastAllowed(t *testing.T, after time.Time) (last time.Duration) {
	t.Helper()
	close(w.stop)
	<-w.ended
	behind := 0
	for _, one := range w.made {
		since := one.sent.Sub(after)
		switch {
		case one.status == http.StatusOK:
			last = max(last, since)
		case one.code != "store_unavailable" && one.code != "revoked_key":
			t.Errorf("answered %+v", one)
		}
		if since > faultStaleness {
			behind++
		}
	}
	if last > faultStaleness || behind == 0 {
		t.Errorf("let in %v after the revocation, want max_staleness (%v) at most; %d calls came later", last, faultStaleness, behind)
	}
	return last
}
