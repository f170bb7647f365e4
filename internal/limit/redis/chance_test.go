package redis_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/limit"
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
	// deafens says that now and then, what Redis answers is lost.
	deafens atomic.Bool
	writes  atomic.Int64
}

func newWorld(t *testing.T, nodes int) *world {
	t.Helper()
	s := *seed
	if s == 0 {
		s = rand.Uint64()
	}
	t.Logf("-seed=%d", s)
	w := &world{t: t, random: rand.New(rand.NewPCG(s, s)), name: fleet(), at: time.Hour, grants: map[*limit.Limit][]grant{}}
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
	m := &member{rate: 0.996 + 0.008*w.random.Float64()}
	o := options(w.t)
	o.Dialer = m.dial
	m.Limiter = redis.New(redis.Config{
		Server: o, Node: fmt.Sprintf("node%d", w.random.Uint64()), Name: w.name, Patience: 5 * time.Second,
		Clock: func() limit.Instant { return limit.Instant(m.rate * float64(w.clock.now())) },
	})
	redis.ByKey(m.Limiter, w.clock.key)
	m.SetNodes(nodes)
	m.Start(w.t.Context(), surroundings())
	w.t.Cleanup(m.Stop)
	return m
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
	if c.of.deafens.Load() && c.of.writes.Add(1)%8 == 0 {
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
	d, err := n.Subject("key_1").Take(w.t.Context(), limits, cost, time.Time{})
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

// excess is by how much more was granted than a limit allows in the worst of all
// windows; negative: never as much.
func excess(l *limit.Limit, grants []grant) (worst float64) {
	worst = -float64(l.Rate.Burst)
	perNs := float64(l.Rate.N) / float64(l.Rate.Per)
	// The worst window that ends with a grant: a bucket that leaks tells.
	fill, last := 0.0, time.Duration(0)
	for _, g := range grants {
		fill = max(0, fill-float64(g.at-last)*perNs) + float64(g.cost)
		last = g.at
		worst = max(worst, fill-float64(l.Rate.Burst))
	}
	return worst
}

func (w *world) report() {
	w.t.Helper()
	for _, n := range w.nodes {
		n.cut.Store(false) // it can leave
	}
	for _, l := range w.limits {
		sum := int64(0)
		for _, g := range w.grants[l] {
			sum += g.cost
		}
		worst := excess(l, w.grants[l])
		w.t.Logf("%s: %d granted in %v, %.2f beyond the limit in the worst window", l.Name, sum, w.at-time.Hour, worst)
		if worst > 1e-3 {
			w.t.Errorf("%s: %.2f beyond the limit", l.Name, worst)
		}
	}
}

// Whatever three nodes do whose clocks differ, who lapse, end without a word and
// come back: in no window is more granted than the limit allows.
func TestNoWindowHoldsMoreThanTheLimitWhateverNodesDo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 3)
	for range 6000 {
		w.pass(time.Duration(w.random.Int64N(int64(12 * time.Millisecond))))
		rush := 8
		if w.random.IntN(50) == 0 {
			rush = 300
		}
		for range w.random.IntN(rush) {
			w.take(w.nodes[w.random.IntN(len(w.nodes))])
		}
		switch w.random.IntN(1000) {
		case 0, 4, 5: // everybody is held up
			w.pass(time.Duration(w.random.Int64N(int64(5 * time.Second))))
		case 6, 7: // nobody asks
			for range 30 {
				w.pass(100 * time.Millisecond)
				w.live()
			}
		case 1: // a node ends, and another one takes its place
			i := w.random.IntN(len(w.nodes))
			w.nodes[i].cut.Store(true)
			w.nodes[i].Stop()
			w.nodes[i] = w.join(3)
		case 2:
			w.forget()
		case 3:
			w.nodes = slices.Concat(w.nodes[1:], w.nodes[:1])
		}
		w.live()
	}
	w.report()
}

// Where Redis is cut off from nodes at random, each goes on with its share: with
// what it holds, and what refills on its behalf.
func TestNoWindowHoldsMoreThanTheLimitWhoeverIsCutOff(t *testing.T) {
	t.Parallel()
	for name, deafens := range map[string]bool{"cut at chance times": false, "with answers that are lost": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 3)
			for _, n := range w.nodes {
				n.deafens.Store(deafens)
			}
			for range 4000 {
				w.pass(time.Duration(w.random.Int64N(int64(12 * time.Millisecond))))
				for range w.random.IntN(12) {
					w.take(w.nodes[w.random.IntN(len(w.nodes))])
				}
				switch w.random.IntN(300) {
				case 0, 1:
					n := w.nodes[w.random.IntN(len(w.nodes))]
					n.cut.Store(!n.cut.Load())
					n.Beat()
				case 2:
					w.pass(time.Duration(w.random.Int64N(int64(5 * time.Second))))
				}
				w.live()
			}
			w.report()
		})
	}
}

// Where all nodes lose Redis at once, having asked it all the time, and find it
// again one after the other.
func TestNoWindowHoldsMoreThanTheLimitInAnOutageOfABusyFleet(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 3)
	away := false
	for i := range 4000 {
		w.pass(time.Duration(w.random.Int64N(int64(4 * time.Millisecond))))
		for _, n := range w.nodes {
			for range 3 {
				w.take(n)
			}
		}
		if i%800 == 400 {
			away = !away
			for _, n := range w.nodes {
				n.cut.Store(away)
				n.Beat()
			}
			if i%1600 == 400 { // it comes back empty
				w.forget()
			}
		}
		w.live()
	}
	w.report()
}

// forget has Redis lose the epoch.
func (w *world) forget() {
	w.t.Helper()
	if _, err := shared.Do("DEL " + w.name + ":{rate}:fleet"); err != nil {
		w.t.Fatal(err)
	}
}
