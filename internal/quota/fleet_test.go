package quota

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// book is a ledger in memory, of so many nodes, that can be away.
type book struct {
	mu    sync.Mutex
	away  error
	nodes int64
	era   atomic.Uint64
	taken map[Period]int64
	parts map[uint64]map[Period]Statement
	asks  int
}

func newBook(nodes int64) *book {
	b := &book{nodes: nodes}
	b.lose()
	return b
}

// lose forgets everything.
func (b *book) lose() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.era.Add(1)
	b.taken, b.parts = map[Period]int64{}, map[uint64]map[Period]Statement{}
}

func (b *book) leave(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.away = err
}

func (b *book) Era() uint64  { return b.era.Load() }
func (b *book) Nodes() int64 { return b.nodes }

func (b *book) Exchange(_ context.Context, era uint64, all []Statement) (answers []Answer, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.asks++
	switch {
	case b.away != nil:
		return nil, b.away
	case era != b.era.Load():
		return nil, ErrEra
	}
	for _, s := range all {
		answers = append(answers, b.hear(s))
	}
	return answers, nil
}

func (b *book) hear(s Statement) Answer {
	taken, known := b.taken[s.Period]
	if !known && s.Base < 0 {
		return Answer{NeedsBase: true}
	}
	if !known {
		taken = s.Base + s.Held
	} else {
		before := b.parts[s.Life][s.Period]
		taken += s.Used + s.Held - before.Used - before.Held
	}
	granted := int64(0)
	if room := s.Limit - taken; s.Want > 0 && room >= s.Need {
		granted = min(room, s.Want+min(s.Extra, max(0, room-s.Want)/(4*b.nodes)))
	}
	s.Held += granted
	if b.parts[s.Life] == nil {
		b.parts[s.Life] = map[Period]Statement{}
	}
	b.taken[s.Period], b.parts[s.Life][s.Period] = taken+granted, s
	return Answer{Granted: granted, Taken: taken + granted}
}

// tables are nodes that share a ledger. Their counters have lives of their own.
func tables(b *book, load Loader) (all []*Table) {
	for i := range b.nodes {
		t := NewSharedTable(load, b)
		t.lives.Store(uint64(i) << 32)
		all = append(all, t)
	}
	return all
}

func TestNodesThatShareALedgerHoldAQuotaTogether(t *testing.T) {
	t.Parallel()
	nodes := tables(newBook(3), nothingStored)
	claims := claim(Quota{Max: 1000, Period: Month})
	var passed atomic.Int64
	var group sync.WaitGroup
	for _, node := range nodes {
		for range 16 {
			group.Go(func() {
				n, _ := passing(t, node, claims, 100, noon)
				passed.Add(int64(n))
			})
		}
	}
	group.Wait()
	if n := passed.Load(); n > 1000 || n < 990 {
		t.Errorf("%d passed", n)
	}
	sum := int64(0)
	for _, node := range nodes {
		node.Retire(t.Context(), noon)
	}
	for range 100 {
		for _, node := range nodes {
			n, _ := passing(t, node, claims, 1, noon.Add(time.Minute))
			sum += int64(n)
		}
	}
	if n := passed.Load() + sum; n != 1000 {
		t.Errorf("%d passed in all", n)
	}
}

func TestMostCallsAskNobody(t *testing.T) {
	t.Parallel()
	b := newBook(2)
	node := tables(b, nothingStored)[0]
	if n, _ := passing(t, node, claim(Quota{Max: 100_000, Period: Month}), 10_000, noon); n != 10_000 {
		t.Fatalf("%d passed", n)
	}
	if b.asks > 20 {
		t.Errorf("the ledger was asked %d times", b.asks)
	}
}

func TestASmallerQuotaOfTheSameSubjectHoldsBesideALargerOne(t *testing.T) {
	t.Parallel()
	nodes := tables(newBook(2), nothingStored)
	small, large := claim(Quota{Max: 50, Period: Day}), claim(Quota{Max: 100, Period: Day})
	passing(t, nodes[0], large, 40, noon)
	n, _ := passing(t, nodes[1], small, 40, noon)
	later := noon.Add(time.Minute)
	nodes[0].Tend(t.Context(), later)
	nodes[1].Tend(t.Context(), later)
	m, _ := passing(t, nodes[1], small, 40, later)
	if n > 10 || n+m != 10 {
		t.Errorf("%d and then %d passed of the 10 that are left of the smaller quota", n, m)
	}
	if n, _ := passing(t, nodes[0], large, 100, later.Add(time.Minute)); n != 50 {
		t.Errorf("%d passed of the 50 that are left of the larger one", n)
	}
}

func TestWhatIsHeldUnderALargerQuotaDoesNotPassASmallerOne(t *testing.T) {
	t.Parallel()
	nodes := tables(newBook(2), nothingStored)
	small, large := claim(Quota{Max: 50, Period: Day}), claim(Quota{Max: 100, Period: Day})
	passing(t, nodes[1], large, 48, noon)
	passing(t, nodes[0], large, 6, noon) // and holds some more
	if n, _ := passing(t, nodes[0], small, 10, noon); n != 0 {
		t.Errorf("%d passed beyond the smaller quota", n)
	}
}

func TestWhatIsHeldUnderALargerQuotaIsAskedForAnewUnderASmallerOne(t *testing.T) {
	t.Parallel()
	b := newBook(2)
	nodes := tables(b, nothingStored)
	small, large := claim(Quota{Max: 50, Period: Day}), claim(Quota{Max: 100, Period: Day})
	passing(t, nodes[1], large, 48, noon)
	passing(t, nodes[0], large, 6, noon) // and holds some more
	b.taken[Day] -= 30                   // the other node has given back
	if n, _ := passing(t, nodes[0], small, 10, noon.Add(time.Minute)); n != 10 {
		t.Errorf("%d of 10 passed under a quota that has room again", n)
	}
}

func TestWhatWasSpentWithoutTheLedgerIsBookedBeforeAnythingElseIsSpent(t *testing.T) {
	t.Parallel()
	b := newBook(2)
	node := tables(b, nothingStored)[0]
	claims := claim(Quota{Max: 100, Period: Day})
	passing(t, node, claims, 1, noon) // and holds some more
	b.leave(ErrAway)
	const cost = 10 // more than it holds
	if _, granted, err := node.Take(t.Context(), claims, cost, noon); !granted || err != nil {
		t.Fatal(granted, err)
	}
	b.leave(nil)
	before := b.taken[Day]
	passing(t, node, claims, 1, noon)
	if booked := b.taken[Day] - before; booked < cost {
		t.Errorf("%d booked behind a call, want %d at least", booked, cost)
	}
}

func TestEachNodeEnforcesItsShareWithoutTheLedgerAndBooksIt(t *testing.T) {
	t.Parallel()
	b := newBook(2)
	nodes := tables(b, nothingStored)
	claims := claim(Quota{Max: 100, Period: Day})
	for _, node := range nodes {
		passing(t, node, claims, 10, noon)
		node.Retire(t.Context(), noon)
	}
	passing(t, nodes[0], claims, 1, noon) // knows of all twenty before
	nodes[0].Retire(t.Context(), noon)
	b.leave(ErrAway)
	if n, _ := passing(t, nodes[0], claims, 100, noon); n != 39 {
		t.Errorf("%d passed, want the half of what is left", n)
	}
	b.leave(nil)
	nodes[0].Tend(t.Context(), noon)
	if b.taken[Day] != 60 {
		t.Errorf("%d are booked", b.taken[Day])
	}
	if n, _ := passing(t, nodes[1], claims, 100, noon.Add(time.Minute)); n != 40 {
		t.Errorf("%d passed, want the rest", n)
	}
	b.leave(ErrUnavailable)
	if _, granted, err := nodes[0].Take(t.Context(), claims, 1, noon.Add(time.Hour)); granted || err == nil {
		t.Errorf("granted %v, %v", granted, err)
	}
}

func TestALedgerThatBeginsAnewBeginsWithWhatIsStored(t *testing.T) {
	t.Parallel()
	b := newBook(1)
	stored := Sums{}
	node := tables(b, func(context.Context, Subject, time.Time) (Sums, error) { return stored, nil })[0]
	claims := claim(Quota{Max: 100, Period: Day})
	passing(t, node, claims, 30, noon)
	stored = Sums{Day: 30}
	b.lose()
	if n, _ := passing(t, node, claims, 200, noon); n != 70 {
		t.Errorf("%d passed, want 70", n)
	}
}

func TestSharedQuotasBeginAnewWithThePeriod(t *testing.T) {
	t.Parallel()
	b := newBook(1)
	node := tables(b, nothingStored)[0]
	claims := claim(Quota{Max: 10, Period: Hour})
	_, excess := passing(t, node, claims, 20, noon)
	b.taken = map[Period]int64{} // a real ledger keeps each period apart
	b.parts = map[uint64]map[Period]Statement{}
	if n, _ := passing(t, node, claims, 20, noon.Add(excess.RetryAfter)); n != 10 {
		t.Errorf("%d passed in the next hour", n)
	}
	if n, _ := passing(t, node, claims, 20, noon.Add(-time.Hour)); n != 0 {
		t.Errorf("%d passed when the clock was set back", n)
	}
}

func TestSharedClaimsAreGrantedTogetherOrNotAtAll(t *testing.T) {
	t.Parallel()
	b := newBook(1)
	node := tables(b, nothingStored)[0]
	claims := claim(Quota{Max: 10, Period: Day}, Quota{Max: 3, Period: Hour})
	if n, excess := passing(t, node, claims, 9, noon); n != 3 || excess.Quota.Period != Hour {
		t.Fatalf("%d passed, then %v", n, excess)
	}
	node.GiveBack(claims, 1, noon)
	if n, _ := passing(t, node, claims, 9, noon); n != 1 {
		t.Errorf("%d passed of the one that was given back", n)
	}
	if n, _ := passing(t, node, claim(Quota{Max: 10, Period: Day}), 20, noon); n != 7 {
		t.Errorf("%d passed of the day's 7: refusals were spent", n)
	}
}

func TestASharedTakeWithASliceInHandAllocatesNothing(t *testing.T) {
	node := tables(newBook(1), nothingStored)[0]
	claims := claim(Quota{Max: 1 << 40, Period: Month})
	passing(t, node, claims, 1<<16, noon)
	ctx := t.Context()
	if n := testing.AllocsPerRun(1000, func() { _, _, _ = node.Take(ctx, claims, 1, noon) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
