package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// callHeader bears the number of a call, by which the upstream tells calls
// apart.
const callHeader = "X-Call"

// order is a call that somebody is to make.
type order struct {
	key    key
	target string
}

// crowd is clients that between them make numbered calls.
type crowd struct {
	addr string
	// patient clients go on dialling while nobody listens, such as over a
	// restart.
	patient bool
	// fresh clients make a connection for each call.
	fresh bool

	number atomic.Int64
	done   atomic.Int64 // calls that were answered
	again  atomic.Int64 // requests that were sent again

	mu     sync.Mutex
	tally  map[string]*tally // by the key's ID
	broken []string          // exchanges that failed, and how
	odd    []string          // answers that no healthy gate gives
	passed []string          // numbers of the calls that were answered 200
}

// tally is what came of one key's calls.
type tally struct {
	allowed, denied int64
	first, last     time.Time // when the first was sent and the last answered
}

func newCrowd(g *gate) *crowd { return &crowd{addr: g.addr, tally: map[string]*tally{}} }

// serve works the orders off with so many clients, and returns once there are
// no more.
func (c *crowd) serve(clients int, orders <-chan order) {
	var working sync.WaitGroup
	for range clients {
		working.Go(func() {
			one := caller{crowd: c}
			defer one.hangUp()
			for o := range orders {
				one.call(o)
			}
		})
	}
	working.Wait()
}

// maxTries bounds how often a caller sends one request.
const maxTries = 10

// keepCalling makes calls with keys in any order, until the function that it
// returns is called.
func (c *crowd) keepCalling(chance *rand.Rand, made []key, clients, perSecond int) (halt func()) {
	stop, ended := make(chan struct{}), make(chan struct{})
	orders := pacedUntil(stop, math.MaxInt, perSecond, func(int) order { return order{made[chance.IntN(len(made))], "/"} })
	go func() {
		defer close(ended)
		c.serve(clients, orders)
	}()
	return func() {
		close(stop)
		<-ended
	}
}

// caller is one client. A request whose connection ends without a byte of an
// answer is sent again on a new one, as RFC 9110 section 9.2.2 allows for GET:
// at a reload, Caddy closes connections that are idle or on which nothing was
// read yet, and those that the old listener hasn't taken, whatever handlers
// there are. The test then has to see that no such request reached the
// upstream.
type caller struct {
	crowd *crowd
	conn  *client
}

func (c *caller) call(o order) {
	number := strconv.FormatInt(c.crowd.number.Add(1), 10)
	ask := "GET " + o.target + " HTTP/1.1\r\nHost: " + c.crowd.addr + "\r\n" + o.key.bearer() + "\r\n" +
		callHeader + ": " + number + "\r\n\r\n"
	sent := time.Now()
	got, err := c.exchange(ask)
	c.crowd.note(o.key, number, got, err, sent)
}

func (c *caller) exchange(ask string) (got response, err error) {
	for range maxTries {
		err = c.dial()
		if errors.Is(err, syscall.ECONNRESET) {
			continue
		}
		if err != nil {
			return response{}, err
		}
		got, err = c.conn.exchange(ask)
		silent := err != nil && c.conn.read.Len() == 0
		if err != nil || got.header.Get("Connection") == "close" || c.crowd.fresh {
			c.hangUp()
		}
		if !silent {
			return got, err
		}
		c.crowd.again.Add(1)
	}
	return got, err
}

func (c *caller) dial() (err error) {
	if c.conn != nil {
		return nil
	}
	up := func() bool {
		c.conn, err = dial(c.crowd.addr)
		return err == nil
	}
	if !up() && c.crowd.patient {
		becomes(startWithin, up)
	}
	return err
}

func (c *caller) hangUp() {
	if c.conn != nil {
		_ = c.conn.Close() // whichever end was first
		c.conn = nil
	}
}

func (c *crowd) note(k key, number string, got response, err error, sent time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil {
		c.broken = append(c.broken, fmt.Sprintf("call %s: %v", number, err))
		return
	}
	t := c.tally[k.ID]
	if t == nil {
		t = &tally{first: sent}
		c.tally[k.ID] = t
	}
	t.last = time.Now()
	switch {
	case got.status == http.StatusOK:
		t.allowed++
		c.passed = append(c.passed, number)
	case got.status == http.StatusTooManyRequests, got.status == http.StatusForbidden:
		t.denied++
	default:
		c.odd = append(c.odd, fmt.Sprintf("call %s: %v", number, got))
	}
	c.done.Add(1)
}

// allowed is how many calls were answered 200.
func (c *crowd) allowed() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return int64(len(c.passed))
}

// healthy fails the test where a call was not answered, or with what no
// healthy gate answers.
func (c *crowd) healthy(t testing.TB) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.broken) > 0 {
		t.Errorf("%d calls were not answered, such as %s", len(c.broken), c.broken[0])
	}
	if len(c.odd) > 0 {
		t.Errorf("%d calls were answered otherwise than 200, 403 or 429, such as %s", len(c.odd), c.odd[0])
	}
}

// register is an upstream's answer that remembers which calls reached it, and
// how many of them without the gate's word on them.
type register struct {
	mu        sync.Mutex
	seen      map[string]int // by the call's number
	undecided int
}

func newRegister() *register { return &register{seen: map[string]int{}} }

func (r *register) answer(a arrival, conn net.Conn, stop <-chan struct{}) bool {
	if a.head == nil {
		return false
	}
	r.note(a.head.Header)
	return answerOK(a, conn, stop)
}

// note remembers a call that has arrived.
func (r *register) note(h http.Header) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.seen[h.Get(callHeader)]++
	if h.Get("Keystile-Key-Id") == "" {
		r.undecided++
	}
}

// agrees fails the test unless exactly the calls that clients saw answered with
// 200 have reached the upstream, each once.
func (r *register) agrees(t testing.TB, c *crowd) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.undecided > 0 {
		t.Errorf("%d requests reached the upstream without Keystile-Key-Id", r.undecided)
	}
	var wrong bytes.Buffer
	for _, number := range c.passed {
		if n := r.seen[number]; n != 1 {
			fmt.Fprintf(&wrong, " call %s reached the upstream %d times;", number, n)
		}
	}
	if wrong.Len() > 0 || len(r.seen) != len(c.passed) {
		t.Errorf("%d calls reached the upstream, and clients saw %d allowed;%.300s", len(r.seen), len(c.passed), wrong.String())
	}
}

// seeded returns a source of chance, and prints what makes it come out the
// same again.
func seeded(t testing.TB) *rand.Rand {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// paced hands n orders out, at most perSecond of them, and then closes the
// channel.
func paced(n, perSecond int, next func(i int) order) <-chan order {
	return pacedUntil(nil, n, perSecond, next)
}

// pacedUntil is paced that ends at once when stop is closed.
func pacedUntil(stop <-chan struct{}, n, perSecond int, next func(i int) order) <-chan order {
	orders := make(chan order)
	go func() {
		defer close(orders)
		began := time.Now()
		ticker := time.NewTicker(probeEvery)
		defer ticker.Stop()
		for i := range n {
			for due := time.Duration(i) * time.Second / time.Duration(perSecond); time.Since(began) < due; {
				select {
				case <-ticker.C:
				case <-stop:
					return
				}
			}
			select {
			case orders <- next(i):
			case <-stop:
				return
			}
		}
	}()
	return orders
}
