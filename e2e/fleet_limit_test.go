package e2e

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/servertest"
)

// ofHundred is the limit that most of these tests are about, as a site has it.
const ofHundred = "rate_limit live 100/s burst 100"

var hundred = allowance{burst: 100, perSecond: 100}

const onlyRoot = "route GET /"

// span is how long clients ask.
func span() time.Duration {
	if isFull() {
		return 20 * time.Second
	}
	return 5 * time.Second
}

func TestALimitHoldsAcrossThreeGatesAndIsGrantedToItsEnd(t *testing.T) {
	r := throwawayRedis(t)
	gates, k := threeGates(t, r.URL(), ofHundred)
	asking := func() *askers { return ask(t, k, 400, gates...).lasts(span()) }
	c := asking()
	part := hundred.figures(t, "all gates at once", len(c.allowed), time.Since(c.began))
	more := hundred.wantGranted(t, "all gates at once", part, asking)
	hundred.within(t, append(more, c)...)
	t.Logf("slowest answer: %v; answers: %v", c.slowest, c.answers)
}

func TestALimitFollowsItsTrafficFromGateToGate(t *testing.T) {
	r := throwawayRedis(t)
	gates, k := threeGates(t, r.URL(), ofHundred)
	asking := func(g *gate) *askers { return ask(t, k, 250, g).lasts(span()) }
	one := asking(gates[0])
	part := hundred.figures(t, "one gate alone", len(one.allowed), time.Since(one.began))
	all := append(hundred.wantGranted(t, "one gate alone", part, func() *askers { return asking(gates[0]) }), one)
	other := asking(gates[1])
	steady := allowance{perSecond: 100}
	moved := other.began.Add(2 * time.Second)
	steady.figures(t, "moved, the first two seconds", len(other.allowed)-other.since(moved), 2*time.Second)
	part = steady.figures(t, "moved, after two seconds", other.since(moved), time.Since(moved))
	all = append(all, hundred.wantGranted(t, "moved, after two seconds", part, func() *askers { return asking(gates[1]) })...)
	hundred.within(t, append(all, other)...)
}

func TestASmallLimitHoldsAcrossThreeGatesAndIsGrantedToItsEnd(t *testing.T) {
	r := throwawayRedis(t)
	gates, k := threeGates(t, r.URL(), "rate_limit live 60/m burst 5")
	small := allowance{burst: 5, perSecond: 1}
	c := ask(t, k, 60, gates...).lasts(2 * span())
	within := time.Since(c.began)
	small.figures(t, "60/m burst 5 on three gates", len(c.allowed), within)
	// Of so few calls, one may be late at the very end, and one lost with its lease.
	const late, lost = 200 * time.Millisecond, 1
	if due := math.Floor(small.mayGet(within - late)); float64(len(c.allowed)) < due-lost {
		t.Errorf("%d granted of %v whole calls", len(c.allowed), due)
	}
	small.within(t, c)
}

func TestARedisThatRestartsHandsOutNothingTwice(t *testing.T) {
	for name, settings := range map[string][]string{
		"empty":                      nil,
		"with an old snapshot":       {"--dbfilename", "old.rdb"},
		"with all it has written":    {"--appendonly", "yes"},
		"told to end, with snapshot": {"--save", "3600 1"},
	} {
		t.Run(name, func(t *testing.T) { restarts(t, throwawayRedis(t, settings...)) })
	}
}

func restarts(t *testing.T, r *servertest.Redis) {
	gates, k := threeGates(t, r.URL(), ofHundred)
	if strings.HasSuffix(t.Name(), "old_snapshot") {
		if _, err := r.Do("SAVE"); err != nil { // of full buckets
			t.Fatal(err)
		}
	}
	end := r.Kill
	if strings.Contains(t.Name(), "told_to_end") {
		end = r.Stop
	}
	c := ask(t, k, 300, gates...)
	time.AfterFunc(span()/2, func() { must(t, end()); must(t, r.Start()) })
	c.lasts(2 * span())
	hundred.figures(t, "with Redis restarted in the middle", len(c.allowed), time.Since(c.began))
	last := time.Now().Add(-span() / 2)
	steady := allowance{perSecond: 100}
	part := steady.figures(t, "at the end", c.since(last), span()/2)
	more := hundred.wantGranted(t, "at the end", part, func() *askers { return ask(t, k, 300, gates...).lasts(span()) })
	hundred.within(t, append(more, c)...)
	t.Logf("slowest answer: %v; answers: %v", c.slowest, c.answers)
}

func TestREDIS03AFlushHandsOutNothingTwice(t *testing.T) {
	r := throwawayRedis(t)
	gates, k := threeGates(t, r.URL(), ofHundred)
	c := ask(t, k, 300, gates...)
	time.AfterFunc(span()/2, func() {
		if _, err := r.Do("FLUSHALL"); err != nil {
			t.Error(err)
		}
	})
	c.lasts(span())
	hundred.figures(t, "with a FLUSHALL in the middle", len(c.allowed), time.Since(c.began))
	hundred.within(t, c)
}

// A gate knows nothing of what others have taken since it was cut off.
func TestALimitHoldsWhileGatesAreCutOffFromRedisAndComeBack(t *testing.T) {
	r := throwawayRedis(t)
	var lines []*servertest.Proxy
	var gates []*gate
	for range 3 {
		p, err := servertest.NewProxy(r.Address())
		must(t, err)
		t.Cleanup(func() { must(t, p.Close()) })
		lines = append(lines, p)
	}
	o := options{policy: onlyRoot, before: quiet, behind: "respond ok"}
	for i, p := range lines {
		o.app = "limiter redis redis://" + p.Address() + "\n" + ofHundred
		if i == 0 {
			gates = append(gates, setup(t, o))
			continue
		}
		gates = append(gates, gates[0].beside(o))
	}
	gates[0].awaitRegistered(len(gates))
	k := gates[0].key()
	for _, g := range gates {
		g.awaitKey(k)
	}
	random := seeded(t)
	c := ask(t, k, 300, gates...)
	cuts := time.NewTicker(span() / 20)
	defer cuts.Stop()
	down := make([]bool, len(lines))
	for range 60 {
		<-cuts.C
		switch i := random.IntN(len(lines)); {
		case down[i]:
			lines[i].Heal()
			down[i] = false
		default:
			lines[i].Cut()
			down[i] = true
		}
	}
	c.end()
	hundred.figures(t, "cut off and back at chance times", len(c.allowed), time.Since(c.began))
	hundred.within(t, c)
}
