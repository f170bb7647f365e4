package redis_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/limit"
	"github.com/keystile/keystile/internal/limit/limittest"
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
	if first := w.takeAll(n, w.limits[1]); first < 15 {
		t.Errorf("%d granted of another limit, which nobody asked for in that time", first)
	}
	if want := seconds * 100 / 3; got < want-20 || got > want+5 { // it doesn't rely on its clock beyond a hundredth
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
	got := 0
	for _, n := range w.nodes {
		n.SetNodes(4)
		w.takeAll(n, l) // from here on, they have shares
	}
	w.pass(time.Minute)
	for _, n := range w.nodes {
		n.SetNodes(3)
		got += w.takeAll(n, l)
	}
	if got != 75 {
		t.Errorf("%d granted of the 75 that the fourth node has left", got)
	}
}

// What one node has handed over is Redis's, though it may not have heard so.
func TestWhatIsHandedOverIsNotSpentWhereTheAnswerIsLost(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 3)
	n, l := w.nodes[0], w.limits[0]
	w.takeAll(n, l)
	w.lose(n)
	w.takeAll(n, l)
	w.pass(time.Minute)
	n.loses(func(request []byte) bool { return n.Leases(request) > 0 })
	n.cut.Store(false)
	n.Beat() // it hands over its third of a burst, and remains without Redis
	if got := w.takeAll(n, l); n.Joined() || got != 0 {
		t.Errorf("%d granted of what was handed over", got)
	}
	n.loses(nil)
	w.regain(n)
	w.rush()
	w.report()
}

// More buckets than one round trip is about: some are handed over, others not.
func TestWhatRefilledIsNotSpentOnceMoreWhereOnlySomeOfItIsHandedOver(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 3)
	n := w.nodes[0]
	w.take1(n, w.limits[0]) // Redis knows the script from here on
	w.lose(n)
	granted := func() (n0 int) {
		for i := range 200 {
			if take(t, limittest.Subject(n, fmt.Sprint("key_", i)), w.limits[:1], 1).Granted {
				n0++
			}
		}
		return n0
	}
	granted() // from here on, it has shares
	w.pass(time.Minute)
	asked := 0
	n.loses(func(request []byte) bool {
		asked += n.Leases(request)
		return asked > 128
	})
	n.cut.Store(false)
	n.Beat()
	if got := granted(); n.Joined() || got != 0 {
		t.Errorf("%d of 200 granted of what was handed over", got)
	}
}

// A node that can't hand over what it has spent remains without Redis, though it
// hears of it all the time.
func TestRedisDoesNotRefillOnBehalfOfANodeThatEnforcesShares(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 3)
	n := w.nodes[0]
	w.lose(n)
	n.loses(func(request []byte) bool { return n.Leases(request) > 0 })
	n.cut.Store(false)
	w.rush()
	for range 100 {
		w.pass(100 * time.Millisecond)
		for _, n := range w.nodes {
			n.Beat()
		}
		w.rush()
	}
	w.report()
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

// What the other one took before it left, the one that stays doesn't know.
func TestANodeThatIsAloneOnlySinceJustNowBeginsWithNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 2)
	stays, leaves := w.nodes[0], w.nodes[1]
	known, unknown := w.limits[2], w.limits[3]
	w.take1(stays, known)
	w.pass(400 * time.Millisecond)
	stays.Tend() // gives back what it leased
	w.takeAll(leaves, known)
	w.takeAll(leaves, unknown)
	leaves.Stop()
	stays.SetNodes(1)
	stays.Beat()
	w.lose(stays)
	if got := w.takeAll(stays, known) + w.takeAll(stays, unknown); got != 0 {
		t.Errorf("%d granted that the other node has taken", got)
	}
}

func TestANodeThatIsAloneRemembersWhatItHasGranted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	n, l := w.nodes[0], slow()
	w.takeAll(n, l)
	for range 40 {
		w.pass(100 * time.Millisecond)
		n.Tend()
	}
	n.Sweep(time.Time{})
	w.lose(n)
	if got := w.takeAll(n, l); got != 0 {
		t.Errorf("%d granted again", got)
	}
}

// Others that are without Redis, too, hear of it by the store, which takes a moment.
func TestANodeThatStartsWithoutRedisWaitsForOthersToKnow(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.pass(time.Minute)
	n := w.prepare(2)
	n.cut.Store(true)
	n.Start(t.Context(), surroundings())
	w.pass(1900 * time.Millisecond)
	if got := w.takeAll(n, w.limits[0]); got != 0 {
		t.Errorf("%d granted before the others have heard of it", got)
	}
	w.pass(time.Second)
	if got := w.takeAll(n, w.limits[0]); got < 40 || got > 50 {
		t.Errorf("%d granted of its half of a burst of 100", got)
	}
}
