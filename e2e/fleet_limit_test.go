package e2e

import (
	"testing"
	"time"
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
	c := ask(t, k, 400, gates...).lasts(span())
	if part := hundred.figures(t, "all gates at once", len(c.allowed), time.Since(c.began)); part < 0.95 {
		t.Errorf("%.1f%% of what is allowed was granted", 100*part)
	}
	hundred.within(t, c)
	t.Logf("slowest answer: %v; answers: %v", c.slowest, c.answers)
}

func TestALimitFollowsItsTrafficFromGateToGate(t *testing.T) {
	r := throwawayRedis(t)
	gates, k := threeGates(t, r.URL(), ofHundred)
	one := ask(t, k, 250, gates[0]).lasts(span())
	if part := hundred.figures(t, "one gate alone", len(one.allowed), time.Since(one.began)); part < 0.95 {
		t.Errorf("%.1f%% of what is allowed was granted", 100*part)
	}
	other := ask(t, k, 250, gates[1]).lasts(span())
	steady := allowance{perSecond: 100}
	moved := other.began.Add(2 * time.Second)
	steady.figures(t, "moved, the first two seconds", len(other.allowed)-other.since(moved), 2*time.Second)
	if part := steady.figures(t, "moved, after two seconds", other.since(moved), time.Since(moved)); part < 0.95 {
		t.Errorf("%.1f%% of what is allowed was granted two seconds after the traffic moved", 100*part)
	}
	hundred.within(t, one, other)
}

func TestASmallLimitHoldsAcrossThreeGatesAndIsGrantedToItsEnd(t *testing.T) {
	r := throwawayRedis(t)
	gates, k := threeGates(t, r.URL(), "rate_limit live 60/m burst 5")
	small := allowance{burst: 5, perSecond: 1}
	c := ask(t, k, 60, gates...).lasts(2 * span())
	within := time.Since(c.began)
	small.figures(t, "60/m burst 5 on three gates", len(c.allowed), within)
	if least := int(0.95 * small.mayGet(within)); len(c.allowed) < least {
		t.Errorf("%d granted, want %d at least", len(c.allowed), least)
	}
	small.within(t, c)
}

// A gate that loses Redis begins with what it believes to be stored: see
// docs/redis.md.
func TestARedisThatRestartsEmptyHandsOutOneBurstMoreAtMost(t *testing.T) {
	r := throwawayRedis(t)
	gates, k := threeGates(t, r.URL(), ofHundred)
	c := ask(t, k, 300, gates...)
	time.AfterFunc(span()/2, func() { must(t, r.Kill()); must(t, r.Start()) })
	c.lasts(2 * span())
	hundred.figures(t, "with Redis restarted in the middle", len(c.allowed), time.Since(c.began))
	last := time.Now().Add(-span() / 2)
	steady := allowance{perSecond: 100}
	if part := steady.figures(t, "at the end", c.since(last), span()/2); part < 0.95 {
		t.Errorf("%.1f%% of what is allowed was granted when Redis was back", 100*part)
	}
	allowance{burst: 200, perSecond: 100}.within(t, c)
	t.Logf("slowest answer: %v; answers: %v", c.slowest, c.answers)
}

// REDIS-03
func TestREDIS03AFlushHandsOutOneBurstAtMost(t *testing.T) {
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
	allowance{burst: 200, perSecond: 100}.within(t, c)
	hundred.within(t, c) // better still: what was leased is all that passes beside the new epoch
}
