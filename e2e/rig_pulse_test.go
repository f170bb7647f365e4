package e2e

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"
)

// pulse is how a gate serves others meanwhile: one client that calls with keys
// in turn, at intervals.
type pulse struct {
	delays []time.Duration // of calls that were allowed
	bad    []string        // other answers
}

const pulseEvery = 4 * time.Millisecond

// feel takes the pulse until a channel is closed.
func (g *gate) feel(made []key, until <-chan struct{}) (p pulse) {
	c, err := dial(g.addr)
	if err != nil {
		return pulse{bad: []string{err.Error()}}
	}
	defer c.Close()
	tick := time.NewTicker(pulseEvery)
	defer tick.Stop()
	for i := 0; ; i++ {
		select {
		case <-until:
			return p
		case <-tick.C:
		}
		began := time.Now()
		got, err := c.exchange(g.request(http.MethodGet, "/", made[i%len(made)].bearer()))
		if err != nil || got.status != http.StatusOK {
			p.bad = append(p.bad, fmt.Sprint(got, err))
		} else {
			p.delays = append(p.delays, time.Since(began))
		}
		if err != nil {
			return p
		}
	}
}

// during feels the pulse while something goes on.
func (g *gate) during(made []key, fn func()) pulse {
	g.t.Helper()
	over, felt := make(chan struct{}), make(chan pulse)
	go func() { felt <- g.feel(made, over) }()
	fn()
	close(over)
	return <-felt
}

// healthy fails the test where a call wasn't allowed, or none was made.
func (p pulse) healthy(t testing.TB) {
	t.Helper()
	if len(p.bad) > 0 || len(p.delays) == 0 {
		t.Errorf("%d of %d calls with good keys were not allowed, such as %.300q", len(p.bad), len(p.bad)+len(p.delays), p.bad)
	}
}

// at is the delay that so many of a hundred calls don't exceed.
func (p pulse) at(percent int) time.Duration {
	if len(p.delays) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(p.delays))
	return sorted[(len(sorted)-1)*percent/100].Round(time.Microsecond)
}

func (p pulse) String() string {
	return fmt.Sprintf("%d calls, median %v, p99 %v, longest %v", len(p.delays), p.at(50), p.at(99), p.at(100))
}

// idle is the pulse of a gate that has nothing else to do.
func (g *gate) idle(made []key, span time.Duration) pulse {
	g.t.Helper()
	return g.during(made, func() {
		over := time.NewTimer(span)
		<-over.C
	})
}
