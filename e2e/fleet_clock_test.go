package e2e

import (
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/keys"
)

// sixAtOnce is the limit of the tests of clocks: six at once, one a second.
const (
	sixAtOnce = "route GET / {\n rate_limit live 60/m burst 6\n}\nroute GET /free"
	sixBurst  = 6
	itsWindow = 60 // seconds
)

// setupClocks starts three gates, of which the clock of the last can be set.
// Each is asked for many keys in vain first, which have no limit of their own.
func setupClocks(t *testing.T, limiter string) (f *trio, victim *member, limited, dueSoon key, known []key) {
	t.Helper()
	f = setupTrio(t, sharedPostgres(t), options{
		program: faulty(t), limiter: limiter, policy: sixAtOnce, before: quiet, behind: "respond ok",
	})
	victim = f.members[2]
	limited = f.members[0].plant(1, nil)[0]
	dueSoon = f.members[0].plant(1, func(_ int, k *keys.Key) { k.ExpiresAt = time.Now().Add(30 * time.Minute).UTC().Truncate(time.Second) })[0]
	known = f.members[0].plant(100, nil)
	for _, m := range f.members {
		for _, k := range append([]key{limited, dueSoon}, known...) {
			eventually(t, startWithin, "a gate knows a key", func() bool { return m.get("/free", k.bearer()).status == http.StatusOK })
		}
	}
	return f, victim, limited, dueSoon, known
}

// granted asks n times for what is limited, and returns how often that was
// granted. A refusal names a wait that is no longer than the window.
func (m *member) granted(t *testing.T, k key, n int) (passed int) {
	t.Helper()
	for range n {
		got := m.get("/", k.bearer())
		if got.status == http.StatusOK {
			passed++
			continue
		}
		wait, err := strconv.Atoi(got.header.Get("Retry-After"))
		if got.code() != "rate_limited" || err != nil || wait < 1 || wait > itsWindow {
			t.Errorf("answered %v with Retry-After %q", got, got.header.Get("Retry-After"))
		}
	}
	return passed
}

func limiters(t *testing.T) map[string]string {
	return map[string]string{"each gate's own limiter": "local", "one Redis": "redis " + throwawayRedis(t).URL()}
}

func TestAClockThatJumpsAheadEndsKeysOnTimeAndGrantsOneBurstMoreAtMost(t *testing.T) {
	for name, limiter := range limiters(t) {
		t.Run("TIME-01 "+name, func(t *testing.T) {
			f, victim, limited, dueSoon, known := setupClocks(t, limiter)
			began := time.Now()
			if n := victim.granted(t, limited, 4*sixBurst); n < sixBurst {
				t.Errorf("%d granted at first, want %d", n, sixBurst)
			}
			before := victim.counter(storeReads)
			victim.runClock(time.Hour)
			// Each is asked for twice before the gate can believe its memory again.
			for range 2 {
				for _, k := range known {
					if got := victim.get("/free", k.bearer()); got.status != http.StatusOK {
						t.Fatalf("a known key: %v", got)
					}
				}
			}
			if got := victim.get("/free", dueSoon.bearer()); got.code() != "expired_key" {
				t.Errorf("a key of half an hour, an hour later: %v", got)
			}
			most := sixBurst + int(time.Since(began).Seconds()) + 1
			if n := victim.granted(t, limited, 4*sixBurst); n > most {
				t.Errorf("%d granted once the clock had jumped, want %d at most", n, most)
			}
			eventually(t, startWithin, "memory is believed again", func() bool {
				read := victim.counter(storeReads)
				for _, k := range known {
					victim.get("/free", k.bearer())
				}
				return victim.counter(storeReads) == read
			})
			if read := victim.counter(storeReads) - before; read > float64(len(known)) {
				t.Errorf("the store was read %v times for %d keys", read, len(known))
			}
			for _, m := range f.members[:2] {
				if got := m.get("/free", dueSoon.bearer()); got.status != http.StatusOK {
					t.Errorf("another gate, whose clock is right: %v", got)
				}
			}
		})
	}
}

func TestAClockThatIsSetBackHoldsNobodyUpAndCountsNothingTwice(t *testing.T) {
	for name, limiter := range limiters(t) {
		t.Run("TIME-02 "+name, func(t *testing.T) {
			f, victim, limited, _, known := setupClocks(t, limiter)
			passed := victim.granted(t, limited, 4*sixBurst)
			victim.runClock(-time.Hour)
			for _, k := range known {
				if got := victim.get("/free", k.bearer()); got.status != http.StatusOK {
					t.Fatalf("a known key: %v", got)
				}
			}
			passed += victim.granted(t, limited, sixBurst)
			eventually(t, 2*itsWindow*time.Second, "the limit grants again", func() bool {
				n := victim.granted(t, limited, 1)
				passed += n
				return n > 0
			})
			if _, err := f.members[0].revoke(known[0].ID, "10s"); err != nil {
				t.Fatal(err)
			}
			if got := victim.get("/free", known[0].bearer()); got.code() != "revoked_key" {
				t.Errorf("a key that was revoked: %v", got)
			}
			victim.stop()
			if n := f.sql(`SELECT sum(count) FROM usage_cells WHERE NOT denied AND key_id = '` + limited.ID + `'`); n != strconv.Itoa(passed+len(f.members)) {
				t.Errorf("%s calls are stored, and %d were granted behind one for each gate", n, passed)
			}
			if n := f.sql(`SELECT count(*) FROM usage_cells WHERE count < 0 OR cost < 0`); n != "0" {
				t.Errorf("%s sums are negative", n)
			}
		})
	}
}
