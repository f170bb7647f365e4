package e2e

import (
	"net/http"
	"sync"
	"testing"
	"time"
)

// threeGates are gates on one store and one Redis, with a key for all of them.
func threeGates(t testing.TB, url, app string) (gates []*gate, k key) {
	t.Helper()
	o := options{app: "limiter redis " + url + "\n" + app, policy: onlyRoot, before: quiet, behind: "respond ok"}
	first := setup(t, o)
	gates = append(gates, first)
	for range 2 {
		gates = append(gates, first.beside(o))
	}
	first.awaitRegistered(len(gates))
	k = first.key()
	for _, g := range gates {
		g.awaitKey(k)
	}
	return gates, k
}

// awaitKey waits until a gate knows a key, by a request that spends nothing.
func (g *gate) awaitKey(k key) {
	g.t.Helper()
	eventually(g.t, startWithin, "the gate serves", func() bool {
		return g.get("/none", k.bearer()).code() == "route_not_allowed"
	})
}

// askers ask gates with one key, so and so often in a second in all, and notes
// what is allowed.
type askers struct {
	t       testing.TB
	stop    chan struct{}
	working sync.WaitGroup

	mu      sync.Mutex
	began   time.Time
	allowed []granted
	slowest time.Duration
	answers map[string]int // by code; "": allowed
}

func ask(t testing.TB, k key, perSecond int, gates ...*gate) *askers {
	c := &askers{t: t, stop: make(chan struct{}), began: time.Now(), answers: map[string]int{}}
	due := make(chan struct{})
	c.working.Go(func() {
		defer close(due)
		ticker := time.NewTicker(time.Second / time.Duration(perSecond))
		defer ticker.Stop()
		for {
			select {
			case <-c.stop:
				return
			case <-ticker.C:
			}
			select {
			case <-c.stop:
				return
			case due <- struct{}{}:
			}
		}
	})
	for _, g := range gates {
		for range 4 {
			c.working.Go(func() { c.work(g, k, due) })
		}
	}
	return c
}

func (c *askers) work(g *gate, k key, due <-chan struct{}) {
	conn, err := dial(g.addr)
	if err != nil {
		c.t.Error(err)
		return
	}
	defer conn.Close()
	request := g.request(http.MethodGet, "/", k.bearer())
	for range due {
		sent := time.Now()
		got, err := conn.exchange(request)
		if err != nil {
			c.t.Error(err)
			return
		}
		c.note(sent, got)
	}
}

func (c *askers) note(sent time.Time, got response) {
	came := time.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.slowest = max(c.slowest, came.Sub(sent))
	c.answers[got.code()]++
	if got.status == http.StatusOK {
		c.allowed = append(c.allowed, granted{sent, came})
	}
}

// lasts lets the askers go on for so long, and ends it.
func (c *askers) lasts(d time.Duration) *askers {
	timer := time.NewTimer(d)
	defer timer.Stop()
	<-timer.C
	return c.end()
}

func (c *askers) end() *askers {
	close(c.stop)
	c.working.Wait()
	return c
}

// since counts what was allowed of what was sent after a time.
func (c *askers) since(at time.Time) (n int) {
	for _, one := range c.allowed {
		if !one.sent.Before(at) {
			n++
		}
	}
	return n
}

// within holds what askers were allowed to a limit, in every window.
func (l allowance) within(t testing.TB, crowds ...*askers) {
	t.Helper()
	var all []granted
	for _, c := range crowds {
		all = append(all, c.allowed...)
		for code, n := range c.answers {
			if code != "" && code != "rate_limited" {
				t.Errorf("%d answers %q", n, code)
			}
		}
	}
	mayGet := func(within time.Duration) float64 { return l.mayGet(within + within/1000) } // Redis's clock isn't the test's
	if window, n := worstWindow(all, mayGet); float64(n) > mayGet(window) {
		t.Errorf("%d calls allowed within %v, want %.1f at most", n, window, mayGet(window))
	}
}

// wantGranted fails the test unless a part of what a limit allows was granted, or
// is when clients ask once more, of whom it returns all: where the machine stands
// still for a moment, a gate may have lost its Redis, and what it had leased.
func (l allowance) wantGranted(t testing.TB, what string, part float64, again func() *askers) (more []*askers) {
	t.Helper()
	const least, tries = 0.95, 3
	for part < least {
		if len(more) == tries-1 {
			t.Errorf("%s: %.1f%% of what is allowed was granted, and not more before", what, 100*part)
			break
		}
		t.Logf("%s: %.1f%% of what is allowed was granted; once more", what, 100*part)
		c := again()
		refilled := allowance{perSecond: l.perSecond} // the bucket was empty
		part = refilled.figures(t, what+", once more", len(c.allowed), time.Since(c.began))
		more = append(more, c)
	}
	return more
}

// allowance is a limit as a test reckons with it.
type allowance struct{ burst, perSecond float64 }

func (l allowance) mayGet(within time.Duration) float64 {
	return l.burst + l.perSecond*within.Seconds()
}

// figures prints what askers got of what the limit allows, and returns the part.
func (l allowance) figures(t testing.TB, what string, got int, within time.Duration) float64 {
	t.Helper()
	part := float64(got) / l.mayGet(within)
	t.Logf("%s: %d allowed in %v, of %.1f: %.1f%%", what, got, within.Round(time.Millisecond), l.mayGet(within), 100*part)
	return part
}
