package redis_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/limit"
	"github.com/keystile/keystile/internal/limit/limittest"
	"github.com/keystile/keystile/internal/limit/redis"
)

var seed = flag.Uint64("seed", 0, "of the tests by chance; 0: another one each time")

// world is a fleet whose nodes have clocks of their own, on one Redis whose
// clock is the true one.
type world struct {
	t      *testing.T
	random *rand.Rand
	name   string
	clock  *virtual
	rate   []float64 // of all nodes' clocks; none: by chance
	at     time.Duration
	nodes  []*member
	limits []*limit.Limit
	grants map[*limit.Limit][]grant
	asked  int
}

type grant struct {
	at   time.Duration
	cost int64
}

// member is a node whose clock runs too fast or too slow, and whose connections
// a test can cut.
type member struct {
	*redis.Limiter
	rate float64
	cut  atomic.Bool
	// drops says which requests are done, and their answers lost; nil: none.
	drops atomic.Pointer[func(request []byte) bool]
}

// newWorld has nodes whose clocks run as fast as rate says; without: nearly as
// fast as the true one.
func newWorld(t *testing.T, nodes int, rate ...float64) *world {
	t.Helper()
	s := *seed
	if s == 0 {
		s = rand.Uint64()
	}
	t.Logf("-seed=%d", s)
	w := &world{t: t, random: rand.New(rand.NewPCG(s, s)), name: fleet(), rate: rate, at: time.Hour, grants: map[*limit.Limit][]grant{}}
	w.clock = newVirtual(t, w.name)
	for i, text := range []string{"100/s", "1000/s", "60/m", "7/s"} {
		rate, err := limit.ParseRate(text, []int64{100, 50, 5, 3}[i])
		if err != nil {
			t.Fatal(err)
		}
		w.limits = append(w.limits, &limit.Limit{Name: text, Rate: rate})
	}
	for range nodes {
		w.nodes = append(w.nodes, w.join(nodes))
	}
	for range 60 { // each hears of all, and buckets fill
		w.pass(100 * time.Millisecond)
		for _, n := range w.nodes {
			n.Beat()
		}
	}
	return w
}

var errCut = errors.New("cut off by the test")

func (w *world) join(nodes int) *member {
	m := w.prepare(nodes)
	m.Start(w.t.Context(), surroundings())
	return m
}

// prepare makes a node that isn't started.
func (w *world) prepare(nodes int) *member {
	m := &member{rate: 0.996 + 0.008*w.random.Float64()}
	if len(w.rate) > 0 {
		m.rate = w.rate[0]
	}
	o := options(w.t)
	o.Dialer = m.dial
	m.Limiter = redis.New(redis.Config{
		Server: o, Node: fmt.Sprintf("node%d", w.random.Uint64()), Name: w.name, Patience: 5 * time.Second,
		Clock: func() limit.Instant { return limit.Instant(m.rate * float64(w.clock.now())) },
	})
	redis.ByKey(m.Limiter, w.clock.key)
	m.SetNodes(nodes)
	w.t.Cleanup(m.Stop)
	return m
}

// loses has answers to some requests lost from now on.
func (m *member) loses(which func(request []byte) bool) {
	if which == nil {
		m.drops.Store(nil)
		return
	}
	m.drops.Store(&which)
}

func (m *member) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	if m.cut.Load() {
		return nil, errCut
	}
	conn, err := (&net.Dialer{}).DialContext(ctx, network, addr)
	return &cuttable{Conn: conn, of: m}, err
}

type cuttable struct {
	net.Conn
	of   *member
	deaf atomic.Bool
}

func (c *cuttable) Write(b []byte) (int, error) {
	if c.of.cut.Load() {
		return 0, errCut
	}
	if drops := c.of.drops.Load(); drops != nil && (*drops)(b) {
		c.deaf.Store(true)
	}
	return c.Conn.Write(b)
}

func (c *cuttable) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if err == nil && c.deaf.Load() {
		return 0, errCut // Redis has done what it was asked for
	}
	return n, err
}

// pass lets time go by.
func (w *world) pass(d time.Duration) {
	w.at += d
	w.clock.set(w.at)
}

// take asks a node for one or two limits.
func (w *world) take(n *member) {
	limits := []*limit.Limit{w.limits[w.random.IntN(len(w.limits))]}
	if w.random.IntN(4) == 0 {
		limits = append(limits, w.limits[w.random.IntN(len(w.limits))])
		if limits[0] == limits[1] {
			limits = limits[:1]
		}
	}
	cost := limit.Cost(1)
	if w.random.IntN(8) == 0 {
		cost = limit.Cost(1 + w.random.IntN(3))
	}
	d, err := limittest.Subject(n, "key_1").Take(w.t.Context(), limits, cost, time.Time{})
	if err != nil {
		w.t.Fatal(err)
	}
	w.asked++
	if d.Granted {
		for _, l := range limits {
			w.grants[l] = append(w.grants[l], grant{w.at, int64(cost)})
		}
	}
}

// live has nodes do what they do on their own.
func (w *world) live() {
	for _, n := range w.nodes {
		n.Tend()
		if w.random.IntN(4) == 0 {
			n.Beat()
		}
	}
}
