package redis_test

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/limit/redis"
	"github.com/keystile/keystile/internal/quota"
)

var november = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// shelf is a store of usage, to which nodes flush.
type shelf struct{ sum atomic.Int64 }

// counting is a node that counts as a gateway does: it spends, and flushes what
// it spent before it sums up.
type counting struct {
	limiter  *redis.Limiter
	cut      *member
	table    *quota.Table
	shelf    *shelf
	unstored atomic.Int64
}

func (c *counting) flush() { c.shelf.sum.Add(c.unstored.Swap(0)) }

func (c *counting) load(context.Context, quota.Subject, time.Time) (quota.Sums, error) {
	c.flush()
	n := c.shelf.sum.Load()
	return quota.Sums{n, n, n}, nil
}

func newCounting(t *testing.T, name string, s *shelf, nodes int, patience time.Duration) *counting {
	t.Helper()
	m := &member{}
	o := options(t)
	o.Dialer = m.dial
	c := &counting{cut: m, shelf: s}
	c.limiter = join(t, redis.Config{Name: name, Server: o, Patience: patience}, nodes)
	await(t, c.limiter)
	c.table = quota.NewSharedTable(c.load, c.limiter)
	return c
}

func monthly(most int64) []quota.Claim {
	return []quota.Claim{{Subject: quota.Subject{Kind: quota.OfKey, Lineage: "key_a"}, Quotas: []quota.Quota{{Max: most, Period: quota.Month}}}}
}

// take asks for cost, and counts what is granted.
func (c *counting) take(t *testing.T, claims []quota.Claim, cost int64, now time.Time) bool {
	t.Helper()
	_, granted, err := c.table.Take(t.Context(), claims, cost, now)
	if err != nil {
		t.Error(err)
	}
	if granted {
		c.unstored.Add(cost)
	}
	return granted
}

// all takes on all nodes until each is refused.
func all(t *testing.T, nodes []*counting, claims []quota.Claim, now time.Time) (sum int64) {
	t.Helper()
	for _, c := range nodes {
		for c.take(t, claims, 1, now) {
			sum++
		}
		c.table.Retire(t.Context(), now)
	}
	return sum
}

func TestAQuotaIsGrantedToItsLastCallAndNoFurtherByManyNodes(t *testing.T) {
	t.Parallel()
	const most = 5000
	name, s := fleet(), &shelf{}
	var nodes []*counting
	for range 3 {
		nodes = append(nodes, newCounting(t, name, s, 3, 5*time.Second))
	}
	var sum atomic.Int64
	var group sync.WaitGroup
	for _, c := range nodes {
		for range 32 {
			group.Go(func() {
				for range 2 * most / 64 {
					if c.take(t, monthly(most), 1, november) {
						sum.Add(1)
					}
				}
			})
		}
	}
	group.Wait()
	t.Logf("%d of %d granted at once", sum.Load(), most)
	if n := sum.Load(); n > most || n < most-most/100 {
		t.Errorf("%d granted at once, of %d", n, most)
	}
	for _, c := range nodes {
		c.table.Retire(t.Context(), november)
	}
	if n := sum.Load() + all(t, nodes, monthly(most), november.Add(time.Minute)); n != most {
		t.Errorf("%d granted in all, of %d", n, most)
	}
}

// fate is what may happen to nodes that count.
type fate struct {
	t      *testing.T
	random *rand.Rand
	name   string
	shelf  *shelf
	nodes  []*counting
	now    time.Time
	sum    int64
	slack  int64 // what nodes had spent and not stored when Redis lost everything
	lost   int64 // what nodes held that were killed
}

func newFate(t *testing.T, nodes int) *fate {
	t.Helper()
	s := *seed
	if s == 0 {
		s = rand.Uint64()
	}
	t.Logf("-seed=%d", s)
	f := &fate{t: t, random: rand.New(rand.NewPCG(s, s)), name: fleet(), shelf: &shelf{}, now: november}
	for range nodes {
		f.nodes = append(f.nodes, newCounting(t, f.name, f.shelf, nodes, 5*time.Second))
	}
	return f
}

func (f *fate) rush(claims []quota.Claim, calls int) {
	c := f.nodes[f.random.IntN(len(f.nodes))]
	for range calls {
		cost := int64(1)
		if f.random.IntN(10) == 0 {
			cost += f.random.Int64N(5)
		}
		if c.take(f.t, claims, cost, f.now) {
			f.sum += cost
			if f.random.IntN(30) == 0 {
				c.table.GiveBack(claims, cost, f.now)
				c.unstored.Add(-cost)
				f.sum -= cost
			}
		}
	}
}

// replace ends a node, with or without a word, and starts another one.
func (f *fate) replace(kill bool) {
	i := f.random.IntN(len(f.nodes))
	c := f.nodes[i]
	if kill {
		c.cut.cut.Store(true)
		f.lost++
	} else {
		c.table.Retire(f.t.Context(), f.now)
	}
	c.flush()
	c.limiter.Stop()
	f.nodes[i] = newCounting(f.t, f.name, f.shelf, len(f.nodes), 5*time.Second)
}

// forget has Redis lose the fleet: all leases are void.
func (f *fate) forget() {
	for _, c := range f.nodes {
		f.slack += c.unstored.Load()
	}
	if _, err := shared.Do("DEL " + f.name + ":{rate}:fleet"); err != nil {
		f.t.Fatal(err)
	}
	for _, c := range f.nodes {
		c.limiter.Beat()
		await(f.t, c.limiter)
	}
}

func TestNoQuotaIsPassedWhateverNodesDo(t *testing.T) {
	t.Parallel()
	const most = 20_000
	f := newFate(t, 3)
	claims := monthly(most)
	for range 600 {
		f.now = f.now.Add(time.Duration(f.random.Int64N(int64(300 * time.Millisecond))))
		f.rush(claims, f.random.IntN(100))
		for _, c := range f.nodes {
			switch f.random.IntN(40) {
			case 0:
				c.flush()
			case 1, 2, 3:
				c.table.Tend(t.Context(), f.now)
			case 4:
				c.table.Sweep(f.now)
			}
		}
		switch f.random.IntN(60) {
		case 0:
			f.replace(false)
		case 1:
			f.replace(true)
		}
	}
	f.now = f.now.Add(time.Minute)
	f.finish(claims, most)
}

// finish holds what was granted in all to a quota.
func (f *fate) finish(claims []quota.Claim, most int64) {
	f.t.Helper()
	for _, c := range f.nodes {
		c.table.Retire(f.t.Context(), f.now)
	}
	f.sum += all(f.t, f.nodes, claims, f.now)
	killed := f.lost * most / int64(4*len(f.nodes))
	f.t.Logf("%d of %d granted; %d nodes killed, %d not stored when Redis lost everything", f.sum, most, f.lost, f.slack)
	if f.sum > most+f.slack || f.sum < most-killed {
		f.t.Errorf("%d granted of %d", f.sum, most)
	}
}

func TestAnEmptyRedisLetsNoMorePassThanWasNotStoredYet(t *testing.T) {
	t.Parallel()
	const most = 5000
	f := newFate(t, 3)
	claims := monthly(most)
	for i := range 400 {
		f.now = f.now.Add(time.Duration(f.random.Int64N(int64(300 * time.Millisecond))))
		f.rush(claims, f.random.IntN(20))
		if f.random.IntN(10) == 0 {
			f.nodes[f.random.IntN(len(f.nodes))].flush()
		}
		if i%100 == 50 {
			f.forget()
		}
	}
	f.now = f.now.Add(time.Minute)
	f.finish(claims, most)
}

func TestWithoutRedisEachNodeGrantsItsPartOfAQuotaAndBooksIt(t *testing.T) {
	t.Parallel()
	name, s := fleet(), &shelf{}
	var nodes []*counting
	for range 2 {
		nodes = append(nodes, newCounting(t, name, s, 2, 5*time.Second))
	}
	claims := monthly(100)
	for _, c := range nodes {
		for range 10 {
			c.take(t, claims, 1, november)
		}
		c.table.Retire(t.Context(), november)
	}
	for _, c := range nodes {
		c.cut.cut.Store(true)
		c.limiter.Beat()
	}
	sum := int64(20)
	for _, c := range nodes {
		for c.take(t, claims, 1, november) {
			sum++
		}
	}
	t.Logf("%d of 100 granted by two nodes without Redis", sum)
	if sum > 105 || sum < 95 {
		t.Errorf("%d granted without Redis", sum)
	}
	for _, c := range nodes {
		c.cut.cut.Store(false)
		c.limiter.Beat()
		await(t, c.limiter)
		c.table.Tend(t.Context(), november)
	}
	if more := all(t, nodes, claims, november.Add(time.Minute)); more+sum != max(100, sum) {
		t.Errorf("%d more granted when Redis was back, beside %d", more, sum)
	}
}

func TestEveryPeriodHasAQuotaOfItsOwn(t *testing.T) {
	t.Parallel()
	name, s := fleet(), &shelf{}
	nodes := []*counting{newCounting(t, name, s, 2, 5*time.Second), newCounting(t, name, s, 2, 5*time.Second)}
	for month := range 3 {
		now := november.AddDate(0, month, 0)
		s.sum.Store(0) // what is stored of the new month
		for _, c := range nodes {
			c.unstored.Store(0)
		}
		if n := all(t, nodes, monthly(50), now); n != 50 {
			t.Errorf("%d granted in month %d", n, month)
		}
	}
}
