package e2e

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestNoRequestThatIsSentBehindAReceiptIsLetInByAnyGateway(t *testing.T) {
	const keys = 100
	m := setupManaged(t, options{})
	gates := []*gate{m.gate, m.beside(options{})}
	m.awaitRegistered(len(gates))
	var byAPI, byCommand []time.Duration
	for i, k := range m.plant(keys, nil) {
		callers := watch(t, gates, k)
		began := time.Now()
		var got revokedKey
		var err error
		if i%2 == 0 {
			got, err = m.revoke(k.ID, "15s")
			byAPI = append(byAPI, time.Since(began))
		} else {
			got, _, err = m.revokeByCommand(k.ID, "15s")
			byCommand = append(byCommand, time.Since(began))
		}
		behind := time.Now()
		if err != nil || !got.Receipt.Confirmed || got.Receipt.Nodes != len(gates) {
			t.Fatalf("%+v, %v", got, err)
		}
		for _, c := range callers {
			c.wantRefused(t, behind)
		}
	}
	logTimes(t, "a receipt over the API", byAPI)
	logTimes(t, "a receipt by a command, its start included", byCommand)
}

// watcher calls a gate with one key again and again.
type watcher struct {
	stop  chan struct{}
	ended chan struct{}
	every time.Duration // between two calls; 0: none

	mu   sync.Mutex
	made []exchanged
}

// exchanged is one request.
type exchanged struct {
	sent   time.Time // or a little earlier
	came   time.Time // the answer
	status int
	code   string
	err    error
}

// watch has a key in the memory of each gate, and calls them until wantRefused.
func watch(t *testing.T, gates []*gate, k key) []*watcher {
	t.Helper()
	return watchEvery(t, gates, k, 0)
}

// watchEvery is watch with a pause from call to call.
func watchEvery(t *testing.T, gates []*gate, k key, every time.Duration) (all []*watcher) {
	t.Helper()
	for _, g := range gates {
		w := &watcher{stop: make(chan struct{}), ended: make(chan struct{}), every: every}
		ask, c := g.request(http.MethodGet, "/", k.bearer()), g.connect()
		if got := w.call(c, ask); got.status != http.StatusOK {
			t.Fatalf("at first: %+v", got)
		}
		go w.run(c, ask)
		all = append(all, w)
	}
	return all
}

func (w *watcher) run(c *client, ask string) {
	defer close(w.ended)
	defer func() { _ = c.Close() }() // nobody needs it any more
	for more := 3; more > 0; {
		one := w.call(c, ask)
		w.mu.Lock()
		w.made = append(w.made, one)
		w.mu.Unlock()
		select {
		case <-w.stop:
			more--
		case <-time.After(w.every):
		}
	}
}

func (w *watcher) call(c *client, ask string) exchanged {
	one := exchanged{sent: time.Now()}
	got, err := c.exchange(ask)
	one.came, one.status, one.code, one.err = time.Now(), got.status, got.code(), err
	return one
}

// wantRefused ends the calls with a few more, and checks those that were sent
// behind a time.
func (w *watcher) wantRefused(t *testing.T, behind time.Time) {
	t.Helper()
	close(w.stop)
	<-w.ended
	checked := 0
	for _, one := range w.made {
		if one.sent.After(behind) {
			checked++
			if one.code != "revoked_key" {
				t.Errorf("sent %v behind the receipt: %+v", one.sent.Sub(behind), one)
			}
		}
	}
	if checked < 2 {
		t.Errorf("only %d requests were sent behind the receipt", checked)
	}
}

func logTimes(t testing.TB, what string, times []time.Duration) {
	t.Helper()
	sorted := slices.Sorted(slices.Values(times))
	t.Logf("%s, %d times: median %v, 99 of 100 within %v, at most %v", what, len(sorted),
		sorted[len(sorted)/2].Round(time.Millisecond), sorted[(len(sorted)*99+99)/100-1].Round(time.Millisecond), sorted[len(sorted)-1].Round(time.Millisecond))
}

// FLEET-02, FLEET-03 on one machine: a gateway that is stopped for longer than
// it believes its memory, with requests in its sockets.
func TestFLEET02FLEET03AGatewayThatWasStoppedLetsNobodyInBehindAReceipt(t *testing.T) {
	const rounds, keys = 5, 20
	m := setupManaged(t, options{app: "max_staleness 1s"})
	other := m.beside(options{app: "max_staleness 1s"})
	m.awaitRegistered(2)
	var times []time.Duration
	allowed := 0
	for range rounds {
		all := m.plant(keys, nil)
		queued, behind := make([]*client, keys), make([]*client, keys)
		for i, k := range all {
			for _, g := range []*gate{m.gate, other} {
				if got := g.get("/", k.bearer()); got.status != http.StatusOK {
					t.Fatalf("at first: %v", got)
				}
			}
			queued[i], behind[i] = other.connect(), other.connect()
		}
		other.freeze(t)
		for i, k := range all {
			send(t, queued[i], other.request(http.MethodGet, "/", k.bearer()))
		}
		times = append(times, m.revokeAll(all)...)
		for i, k := range all {
			send(t, behind[i], other.request(http.MethodGet, "/", k.bearer()))
		}
		other.thaw()
		for i := range all {
			if got, err := behind[i].answer(); err != nil || got.code() != "revoked_key" {
				t.Errorf("sent behind the receipt: %v, %v", got, err)
			}
			if got, err := queued[i].answer(); err == nil && got.status == http.StatusOK {
				allowed++
			}
		}
		eventually(t, startWithin, "the gateway answers from memory again", func() bool {
			now := m.registered() // one that is silent for long isn't there
			return len(now) == 2 && now[0].Applied == now[1].Applied
		})
	}
	logTimes(t, "a receipt while a gateway with max_staleness 1s is stopped", times)
	t.Logf("of the requests that were sent before, %d were let in", allowed)
}

func send(t *testing.T, c *client, raw string) {
	t.Helper()
	if err := c.write(raw); err != nil {
		t.Fatal(err)
	}
}

// revokeAll revokes keys at once, waits for each receipt, and returns how long
// each took.
func (m *managed) revokeAll(all []key) []time.Duration {
	m.t.Helper()
	var waits sync.WaitGroup
	times := make([]time.Duration, len(all))
	for i, k := range all {
		waits.Go(func() {
			began := time.Now()
			got, err := m.revoke(k.ID, "10s")
			times[i] = time.Since(began)
			if err != nil || !got.Receipt.Confirmed || got.Receipt.Nodes != 2 {
				m.t.Errorf("%+v, %v", got, err)
			}
		})
	}
	waits.Wait()
	return times
}

func TestAReceiptCountsTheGatewaysThatRun(t *testing.T) {
	t.Parallel()
	m := setupManaged(t, options{app: "max_staleness 2s"})
	m.awaitRegistered(1)
	all := m.plant(8, nil)
	next := func(wait string) revokedKey {
		t.Helper()
		got, err := m.revoke(all[0].ID, wait)
		if err != nil {
			t.Fatal(err)
		}
		all = all[1:]
		return got
	}
	if got := next("").Receipt; got.Nodes != 1 || !got.Confirmed || got.ConfirmedAt == nil || got.Pending != nil {
		t.Errorf("alone: %+v", got)
	}
	other := m.beside(options{app: "max_staleness 2s"})
	m.awaitRegistered(2)
	if got := next("15s").Receipt; got.Nodes != 2 || !got.Confirmed {
		t.Errorf("two gateways: %+v", got)
	}
	other.stop()
	if got := next("").Receipt; got.Nodes != 1 || !got.Confirmed {
		t.Errorf("one has ended: %+v", got)
	}
	other.start()
	m.awaitRegistered(2)
	other.kill()
	got, status, err := m.revokeByCommand(all[0].ID, "100ms")
	if r := got.Receipt; err != nil || status != 3 || r.Nodes != 2 || r.Confirmed || r.ConfirmedAt != nil || len(r.Pending) != 1 || !strings.Contains(r.Pending[0], "/") {
		t.Errorf("one was killed: exit status %d, %+v, %v", status, r, err)
	}
	if got := next("15s").Receipt; got.Nodes != 2 || !got.Confirmed {
		t.Errorf("once the dead one has outlived what it knew: %+v", got)
	}
	m.awaitRegistered(1)
	if got := next("").Receipt; got.Nodes != 1 || !got.Confirmed {
		t.Errorf("once it counts as gone: %+v", got)
	}
}

func TestAReloadLeavesNoGatewayBehindAndCountsNoneTwice(t *testing.T) {
	t.Parallel()
	m := setupManaged(t, options{app: "max_staleness 2s"})
	m.awaitRegistered(1)
	before := m.registered()[0]
	all := m.plant(2, nil)
	m.options.app = "max_staleness 5s"
	m.reload(m.caddyfile())
	eventually(t, startWithin, "the store knows of the longer trust", func() bool {
		now := m.registered()
		return len(now) == 1 && now[0].Incarnation == before.Incarnation && now[0].Trust == 5*time.Second
	})
	m.options.app = "max_staleness 5s\npepper abcdefghijklmnopqrstuvwxyz"
	m.reload(m.caddyfile())
	if got, err := m.revoke(all[0].ID, "15s"); err != nil || got.Receipt.Nodes != 1 || !got.Receipt.Confirmed {
		t.Errorf("with another pepper: %+v, %v", got, err)
	}
	if now := m.registered(); len(now) != 1 || now[0].Incarnation != before.Incarnation {
		t.Errorf("with another pepper, %d gateways are registered", len(now))
	}
	m.options.store = m.another()
	m.reload(m.caddyfile())
	m.awaitRegistered(0) // in the database that isn't used any more
}
