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

func TestFLEET01GatesThatRaceForOneQuotaHoldIt(t *testing.T) {
	const most, each = 1000, 2000
	r := throwawayRedis(t)
	gates, k := threeGates(t, r.URL(), "quota 1000/month")
	losses := func() float64 { return gates[0].counter(limiterLost) + gates[1].counter(limiterLost) }
	lost := losses()
	passed := storm(t, k, each, gates[:2]...)
	lost = losses() - lost // a gate without Redis keeps to a part of its own
	if passed > most || passed < most-most/100 && lost == 0 {
		t.Errorf("%d calls passed, of %d; gates lost Redis %v times", passed, most, lost)
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

func TestAFleetsQuotaSurvivesItsGatesAndIsGrantedToItsEnd(t *testing.T) {
	const most, share = 200, 10
	r := throwawayRedis(t)
	gates, k := threeGates(t, r.URL(), "quota 200/month")
	passed := 0
	for _, g := range gates {
		passed += g.pass(k, share)
	}
	gates[0].reload(gates[0].caddyfile())
	if status := gates[1].stop(); status != 0 {
		t.Errorf("exit status %d", status)
	}
	gates[1].start()
	for range most + 5 { // what a gate held that is going on comes back within two seconds
		if gates[1].get("/", k.bearer()).status == http.StatusOK {
			passed++
		}
	}
	eventually(t, 10*time.Second, "the quota is granted to its end", func() bool {
		passed += gates[2].pass(k, 1)
		return passed >= most
	})
	gates[2].kill()
	gates[2].start()
	for _, g := range gates {
		passed += g.pass(k, share)
	}
	if passed != most {
		t.Errorf("%d calls passed in all, of %d", passed, most)
	}
}

func TestAFleetsQuotaIsRefusedOrSharedWithoutRedis(t *testing.T) {
	for failure, mostOfOne := range map[string]int{"deny": 0, "share": 30} {
		t.Run(failure, func(t *testing.T) {
			r := throwawayRedis(t)
			gates, k := threeGates(t, r.URL(), "on_limiter_failure "+failure+"\nquota 90/month")
			last := gates[2] // it knows of all three from its start on
			must(t, r.Stop())
			passed := 0
			for range 100 {
				switch got := last.get("/", k.bearer()); {
				case got.status == http.StatusOK:
					passed++
				case failure == "deny":
					wantAnswer(t, last, got, http.StatusServiceUnavailable, "limiter_unavailable")
				default:
					wantAnswer(t, last, got, http.StatusTooManyRequests, "quota_exceeded")
				}
			}
			if passed != mostOfOne {
				t.Errorf("%d calls passed at one of three gates without Redis, want %d", passed, mostOfOne)
			}
			must(t, r.Start())
			eventually(t, 20*time.Second, "the rest passes once Redis is back", func() bool {
				if last.get("/", k.bearer()).status == http.StatusOK {
					passed++
				}
				return passed == 90
			})
			if more := last.pass(k, 50); more != 0 {
				t.Errorf("%d calls passed beyond the quota", more)
			}
		})
	}
}
