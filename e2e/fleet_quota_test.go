package e2e

import (
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// storm sends calls to all gates at once, so many to each, and counts the
// answers.
func storm(t *testing.T, k key, calls int, gates ...*gate) (passed int64) {
	t.Helper()
	const clients = 50
	var allowed, left atomic.Int64
	var group sync.WaitGroup
	for _, g := range gates {
		for range clients {
			group.Go(func() {
				for range calls / clients {
					switch got := g.get("/", k.bearer()); {
					case got.status == http.StatusOK:
						allowed.Add(1)
					case got.code() == "quota_exceeded":
						left.Add(1)
					default:
						t.Errorf("answered %v", got)
					}
				}
			})
		}
	}
	group.Wait()
	t.Logf("%d of %d calls passed, %d were beyond the quota", allowed.Load(), calls*len(gates), left.Load())
	return allowed.Load()
}

// FLEET-01
func TestFLEET01GatesThatRaceForOneQuotaHoldIt(t *testing.T) {
	const most, each = 1000, 2000
	r := throwawayRedis(t)
	gates, k := threeGates(t, r.URL(), "quota 1000/month")
	passed := storm(t, k, each, gates[:2]...)
	if passed > most || passed < most-most/100 {
		t.Errorf("%d calls passed, of %d", passed, most)
	}
	eventually(t, 10*time.Second, "what gates held unused passes, too", func() bool {
		if passed < most && gates[2].get("/", k.bearer()).status == http.StatusOK {
			passed++
		}
		return passed == most
	})
	passed += storm(t, k, 100, gates...)
	if passed != most {
		t.Errorf("%d calls passed in all, of %d", passed, most)
	}
}
