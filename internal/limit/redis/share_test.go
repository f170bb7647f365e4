package redis_test

import (
	"testing"
	"time"

	"github.com/keystile/keystile/internal/limit"
)

// lose cuts nodes off from Redis, and has them notice.
func (w *world) lose(nodes ...*member) {
	w.t.Helper()
	for _, n := range nodes {
		n.cut.Store(true)
		n.Beat()
		if n.Joined() {
			w.t.Fatal("a node that is cut off doesn't notice")
		}
	}
}

// regain ends what lose began.
func (w *world) regain(nodes ...*member) {
	w.t.Helper()
	for _, n := range nodes {
		n.cut.Store(false)
		await(w.t, n.Limiter)
	}
}

// slow is a limit that doesn't refill while a test looks.
func slow() *limit.Limit {
	return &limit.Limit{Name: "slow", Rate: limit.Rate{N: 12, Per: 365 * 24 * time.Hour, Burst: 12}}
}

// trustOver is longer than Redis counts on a node that it doesn't hear of.
const trustOver = 2100 * time.Millisecond

func TestANodeThatIsCutOffGrantsNothingThatOthersMayHaveTaken(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 3)
	for name, l := range map[string]*limit.Limit{"one that it has asked for": w.limits[2], "one that it hasn't": slow()} {
		if l == w.limits[2] {
			w.take1(w.nodes[1], l) // from here on it believes to know what is stored
		}
		w.takeAll(w.nodes[0], l)
		w.lose(w.nodes[1])
		if got := w.takeAll(w.nodes[1], l); got != 0 {
			t.Errorf("%s: %d granted of a bucket that another node has emptied", name, got)
		}
		w.regain(w.nodes[1])
	}
}

func TestANodeThatIsCutOffIsGrantedItsPartOfTheRate(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 3)
	l, n := w.limits[0], w.nodes[0]
	w.takeAll(n, l)
	w.lose(n)
	w.takeAll(n, l)
	w.pass(trustOver)
	w.takeAll(n, l)
	const seconds = 30
	got := 0
	for range seconds * 10 {
		w.pass(100 * time.Millisecond)
		got += w.takeAll(n, l)
	}
	if want := seconds * 100 / 3; got < want-10 || got > want+5 { // its clock is one that runs apart
		t.Errorf("%d granted in %d s, want %d", got, seconds, want)
	}
}

// What refilled on behalf of a node that was cut off, it hands over; what it
// spent, Redis doesn't refill once more.
func TestATimeWithoutRedisIsRefilledOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 3)
	n := w.nodes[0]
	for _, away := range []time.Duration{100 * time.Millisecond, time.Second, 2 * time.Second, trustOver, 3 * time.Second, 10 * time.Second} {
		w.rush()
		w.lose(n)
		w.rush()
		for passed := time.Duration(0); passed < away; passed += 100 * time.Millisecond {
			w.pass(100 * time.Millisecond)
			w.live()
			w.rush()
		}
		w.regain(n)
		w.rush()
	}
	w.report()
}

// rush asks all nodes for all limits until they deny.
func (w *world) rush() {
	for _, l := range w.limits {
		for _, n := range w.nodes {
			for range w.takeAll(n, l) {
				w.grants[l] = append(w.grants[l], grant{w.at, 1})
			}
		}
	}
}

// A node that ends without Redis may have spent its part just before.
func TestThePartOfANodeThatLeavesIsNotGrantedTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 3)
	l := w.limits[0]
	w.lose(w.nodes...)
	for _, n := range w.nodes {
		w.takeAll(n, l) // from here on, they have shares
	}
	w.pass(time.Minute)
	got := w.takeAll(w.nodes[0], l)
	for _, n := range w.nodes[1:] {
		n.SetNodes(2)
		got += w.takeAll(n, l)
	}
	if got < 90 || got > 100 {
		t.Errorf("%d granted of a burst of 100", got)
	}
}

func TestANodeThatIsAloneGoesOnWithWhatIsStored(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	n, l := w.nodes[0], slow()
	w.take1(n, l)
	w.lose(n)
	if got := w.takeAll(n, l); got != 11 {
		t.Errorf("%d granted of the 11 that are left", got)
	}
	if got := w.takeAll(n, w.limits[0]); got != 100 {
		t.Errorf("%d granted of a bucket that nobody has asked for", got)
	}
	w.regain(n)
	if got := w.takeAll(n, l) + w.takeAll(n, w.limits[0]); got != 0 {
		t.Errorf("%d granted once more by Redis", got)
	}
}

// A node that was alone would go on with all that is stored.
func TestANodeLeasesNothingBeforeTheOthersHaveHeardOfIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	first, l := w.nodes[0], slow()
	w.take1(first, l)
	first.cut.Store(true) // before it hears of the second one
	second := w.join(2)
	if second.Joined() {
		t.Error("it is counted as present, and the first one doesn't know")
	}
	got := w.takeAll(second, l)
	second.cut.Store(true) // Redis is away
	first.Beat()
	second.Beat()
	if got += 1 + w.takeAll(first, l) + w.takeAll(second, l); got > 12 {
		t.Errorf("%d granted of a burst of 12", got)
	}
}

func TestANodeThatTheOthersHaveHeardOfLeases(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	second := w.join(2)
	await(t, second.Limiter)
	if got := w.takeAll(second, slow()); got != 12 {
		t.Errorf("%d granted of a burst of 12", got)
	}
}
