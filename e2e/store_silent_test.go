package e2e

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/servertest"
)

// lookupBound is the documented time that a request waits for the database.
const lookupBound = 2 * time.Second

// What a machine that is busy may add to a bound: of what is looked at again and
// again, and of a single answer, which it may keep waiting at any one step.
const (
	spare       = time.Second
	answerSpare = 3 * time.Second
)

// The database's answers are lost, and nothing says so.
func TestSTORE03ASilentDatabaseHoldsUpNoKnownKeyAndNoOtherForLong(t *testing.T) {
	t.Parallel()
	f := setupTrio(t, sharedPostgres(t), options{before: quiet, behind: "respond ok"})
	m := f.members[0]
	known := m.plant(5, nil)
	f.warm(known)
	baseline := m.goroutines()
	before := m.idle(known, sized(time.Second, 10*time.Second))
	for _, way := range []servertest.Way{servertest.ToServer, servertest.ToClient} {
		name := [...]string{servertest.ToServer: "nothing arrives there", servertest.ToClient: "nothing comes back"}[way]
		m.line.BlackHole(way)
		var slowest time.Duration
		during := m.during(known, func() { slowest = m.askCold(t, sized(40, 400)) })
		if open := f.connections(0); open > mostConnections {
			t.Errorf("%s: %d connections, want %d at most", name, open, mostConnections)
		}
		m.line.Heal()
		m.line.Cut()
		m.line.Heal()
		during.healthy(t)
		t.Logf("%s: the slowest answer to an unknown key after %v; known keys: before %v, meanwhile %v", name, slowest.Round(time.Millisecond), before, during)
		if slowest > lookupBound+answerSpare {
			t.Errorf("%s: an answer took %v, want %v at most", name, slowest, lookupBound)
		}
		f.settled(known[0])
		m.calm(baseline)
	}
	eventually(t, startWithin, "connections are bounded", func() bool { return f.connections(0) <= mostConnections })
}

// askCold calls a gate at once with secrets that it doesn't know, which must be
// refused for want of the database. It returns how long the slowest took.
func (m *member) askCold(t testing.TB, n int) (slowest time.Duration) {
	t.Helper()
	var asking sync.WaitGroup
	var mu sync.Mutex
	for range n {
		asking.Go(func() {
			began := time.Now()
			got, err := m.try(http.MethodGet, "/", bearer(drawSecret("live")))
			mu.Lock()
			defer mu.Unlock()
			slowest = max(slowest, time.Since(began))
			if err != nil {
				t.Error(err)
				return
			}
			wantUnavailable(t, "a secret that nobody can look up", got)
		})
	}
	asking.Wait()
	return slowest
}

// Each query takes 800 ms longer.
func TestSTORE09ASlowDatabaseSlowsNoKnownKeyAndIsAskedOnceForEachOther(t *testing.T) {
	t.Parallel()
	const atOnce = 50
	f := setupTrio(t, sharedPostgres(t), options{before: quiet, behind: "respond ok"})
	m := f.members[0]
	made := m.plant(2, nil)
	known, cold := made[:1], made[1]
	f.warm(known)
	before := m.idle(known, sized(time.Second, 10*time.Second))
	m.line.Delay(400 * time.Millisecond) // each way
	var slowest time.Duration
	answers := map[int]int{}
	var asked int
	during := m.during(known, func() {
		asked = m.asksStore(func() {
			var asking sync.WaitGroup
			var mu sync.Mutex
			for range atOnce {
				asking.Go(func() {
					began := time.Now()
					got, err := m.try(http.MethodGet, "/", cold.bearer())
					mu.Lock()
					defer mu.Unlock()
					slowest = max(slowest, time.Since(began))
					answers[got.status]++
					if err != nil {
						t.Error(err)
					} else if got.status != http.StatusOK {
						wantUnavailable(t, "a key that is looked for slowly", got)
					}
				})
			}
			asking.Wait()
		})
	})
	m.line.Heal()
	during.healthy(t)
	t.Logf("%d calls at once with one key: %v, %d look-ups, the slowest after %v; known keys: before %v, meanwhile %v",
		atOnce, answers, asked, slowest.Round(time.Millisecond), before, during)
	if asked > 1 {
		t.Errorf("%d look-ups of one key, want 1", asked)
	}
	if slowest > lookupBound+answerSpare {
		t.Errorf("an answer took %v, want %v at most", slowest, lookupBound)
	}
	eventually(t, startWithin, "the key is known", func() bool { return m.get("/", cold.bearer()).status == http.StatusOK })
}
