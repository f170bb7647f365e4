package engine

import (
	"testing"
	"time"

	"github.com/keystile/keystile/internal/storage"
)

// pair is two nodes that have a key in memory, and the key.
func pair(t *testing.T) (f *fleet, a, b *member, k *ticket) {
	t.Helper()
	f = newFleet(t)
	k = f.key()
	a, b = f.node(), f.node()
	for _, m := range []*member{a, b} {
		m.want(k, "active", "at first")
		if !m.remembers(k) {
			t.Fatalf("%s doesn't answer from memory", m.name)
		}
	}
	return f, a, b, k
}

// lasting is a fleet of one node that serves stale answers, and a key that it
// remembers.
func lasting(t *testing.T, staleness, stale time.Duration) (f *fleet, m *member, k *ticket) {
	t.Helper()
	f = newFleet(t)
	k = f.key()
	m = f.add(0, Settings{MaxStaleness: staleness, ServeStale: stale, FlushInterval: time.Hour, CacheSize: 100})
	m.begin()
	m.want(k, "active", "at first")
	return f, m, k
}

func TestAReceiptWaitsForEachNodeUntilItSaysThatItEnforcesTheChange(t *testing.T) {
	t.Parallel()
	f, a, b, k := pair(t)
	r := f.revoke(k)
	r.want("node 1, node 2", "at first")
	steps := 0
	a.handle.between = func() {
		if steps++; steps == 3 { // it knows that there are changes, and not yet which
			a.tick()
		}
	}
	a.poll()
	a.handle.between = func() {}
	r.want("node 1, node 2", "while a node reads what changed")
	a.tick()
	r.want("node 2", "once one has said so")
	a.want(k, "revoked", "once it has said so")
	b.poll()
	b.want(k, "revoked", "once it knows")
	b.tick()
	r.want("", "once both have said so")
}

func TestANodeThatSleepsThroughItsTrustLetsNobodyInWhenItWakes(t *testing.T) {
	t.Parallel()
	f, a, b, k := pair(t)
	r := f.revoke(k)
	a.poll()
	a.tick()
	f.pass(10*time.Second + 99*time.Millisecond)
	r.want("node 2", "after ten seconds, which another clock may think that it has not been")
	f.pass(time.Millisecond)
	r.want("", "after one percent more")
	b.handle.blind = true
	b.want(k, "unavailable", "when it wakes without a store")
	b.handle.blind = false
	b.want(k, "revoked", "when it wakes")
}

func TestAStaleAnswerIsOverWhenTheReceiptIsConfirmed(t *testing.T) {
	t.Parallel()
	f, m, k := lasting(t, time.Second, time.Minute)
	r := f.revoke(k)
	m.handle.blind = true
	f.pass(time.Minute)
	m.want(k, "active", "without a store")
	r.want("node 1", "while stale answers are served")
	f.pass(600 * time.Millisecond)
	r.want("", "one percent beyond their end")
	m.want(k, "unavailable", "beyond their end")
}

func TestNothingIsAnsweredFromMemoryBeforeTheStoreKnowsOfTheNode(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	k := f.key()
	m := f.add(0, tenSeconds)
	m.handle.mute = true
	m.begin()
	for range 3 {
		m.want(k, "active", "unregistered")
		m.poll()
	}
	if m.remembers(k) || !m.blind(m.cfg.Now()) {
		t.Fatal("memory is believed")
	}
	r := f.revoke(k)
	r.want("", "with no node registered")
	m.want(k, "revoked", "unregistered")
	m.handle.mute = false
	m.tick()
	m.poll()
	m.want(k, "revoked", "registered")
	if !m.remembers(k) {
		t.Error("it doesn't answer from memory once it is registered")
	}
}

func TestANodeThatCanReadButNotWriteGoesOnAndIsWaitedForItsWholeTrust(t *testing.T) {
	t.Parallel()
	f, a, b, k := pair(t)
	a.handle.mute, b.handle.mute = true, true // as on a full disk
	for range 100 {
		f.pass(time.Second)
		b.poll()
		b.tick()
		if !b.remembers(k) {
			t.Fatal("memory is not believed, though the store confirms it")
		}
	}
	r := f.revoke(k) // a little space was left
	b.poll()
	b.tick()
	b.want(k, "revoked", "once it could read that")
	r.want("node 1, node 2", "while nobody can say so")
	f.pass(10*time.Second + 100*time.Millisecond)
	r.want("", "once they have outlived what they knew")
}

func TestANodeWhoseRowIsGoneBelievesNothingUntilItHasRegisteredAnew(t *testing.T) {
	t.Parallel()
	f, _, b, k := pair(t)
	before := b.node.self()
	must(t, f.issuer.Unregister(t.Context(), before))
	between, asked := 0, false
	b.handle.between = func() {
		if between++; between == 3 { // the beat has failed, and the node is about to register
			asked = b.remembers(k)
		}
	}
	f.pass(3 * time.Second)
	b.tick()
	b.handle.between = func() {}
	if between < 4 || asked || b.remembers(k) {
		t.Errorf("after %d steps, memory is believed without a row: %v; before the store was asked again: %v", between, asked, b.remembers(k))
	}
	if after := b.node.self(); after == "" || after == before {
		t.Errorf("registered as %q after %q", after, before)
	}
	b.poll()
	if !b.remembers(k) {
		t.Error("memory is not believed again")
	}
}

func TestANodeWhoseRowIsGoneGivesNoStaleAnswersEither(t *testing.T) {
	t.Parallel()
	f, m, k := lasting(t, time.Second, time.Hour)
	m.handle.blind = true
	f.pass(time.Minute)
	m.want(k, "active", "stale")
	must(t, f.issuer.Unregister(t.Context(), m.node.self()))
	f.pass(15 * time.Minute)
	m.tick()
	m.want(k, "unavailable", "without its row")
}

func TestARegistrationThatMayHaveSucceededIsNotForgotten(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	k := f.key()
	m := f.add(0, tenSeconds)
	m.handle.lost = true
	m.begin()
	m.want(k, "active", "in doubt, and then asked")
	if n := len(f.shelf.nodes); n != 1 || !m.remembers(k) {
		t.Errorf("%d rows, memory is believed: %v", n, m.remembers(k))
	}
	m.handle.lost = false
	m.tick()
	m.poll()
	if n := len(f.shelf.nodes); n != 1 || !m.remembers(k) {
		t.Errorf("%d rows, memory is believed: %v", n, m.remembers(k))
	}
	must(t, m.Hurry(0))
	if n := len(f.shelf.nodes); n != 0 {
		t.Errorf("%d rows after the end", n)
	}
}

func TestAnEngineThatHasEndedIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	f, a, b, k := pair(t)
	must(t, b.Hurry(0))
	r := f.revoke(k)
	r.want("node 1", "once one has ended")
	b.handle.blind = true
	b.want(k, "unavailable", "in a process that ends")
	if err := b.node.tell(t.Context()); err == nil || len(f.shelf.nodes) != 1 {
		t.Error("an engine that has ended registered again")
	}
	must(t, a.Hurry(0))
	r.want("", "once both have ended")
}

func TestANodeThatJoinsWhileAKeyIsRevokedKnowsOfIt(t *testing.T) {
	t.Parallel()
	for at := range 8 { // steps of the store until it is revoked
		f := newFleet(t)
		k := f.key()
		m := f.add(0, tenSeconds)
		var r *receipt
		steps := 0
		m.handle.between = func() {
			if steps++; steps == at+1 {
				r = f.revoke(k)
			}
		}
		m.begin()
		m.handle.between = func() {}
		if r == nil {
			if at < 4 {
				t.Fatalf("only %d steps", steps)
			}
			return
		}
		if r.pending() == "" {
			m.want(k, "revoked", "behind the receipt")
		}
		m.poll()
		m.tick()
		r.want("", "once it has followed the log")
		m.want(k, "revoked", "then")
	}
}

func TestEnginesOfOneProcessAreWaitedForEachAndCountedOnce(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	k := f.key()
	old, renewed := f.add(0, tenSeconds), f.add(0, tenSeconds)
	renewed.cfg.Node = old.cfg.Node
	old.begin()
	renewed.begin()
	r := f.revoke(k)
	r.want("node 1, node 1", "at first")
	old.poll()
	old.tick()
	r.want("node 1", "once one has said so")
	renewed.poll()
	renewed.tick()
	r.want("", "once both have")
}

func TestALargeChangeCountsOnceItIsAppliedWholly(t *testing.T) {
	t.Parallel()
	f := setup(t)
	e := f.idle() // whose loops don't run
	e.node.join(t.Context())
	must(t, e.follower.catchUp(t.Context()))
	k, _ := f.key(f.other, nil)
	revision, err := f.other.Update(t.Context(), func(tx storage.Tx) error {
		for range changesAtOnce {
			if err := tx.UpdateKey(t.Context(), k); err != nil {
				return err
			}
		}
		return nil
	})
	must(t, err)
	_, err = e.follower.apply(t.Context())
	must(t, err)
	if at := e.follower.applied; at.Revision != revision {
		t.Fatalf("applied %v of revision %d", at, revision)
	}
	e.node.reach(e.follower.applied)
	must(t, e.node.tell(t.Context()))
	if got := f.applied(e); got >= revision {
		t.Errorf("half of revision %d counts as %d", revision, got)
	}
	must(t, e.follower.catchUp(t.Context()))
	must(t, e.node.tell(t.Context()))
	if got := f.applied(e); got != revision {
		t.Errorf("all of revision %d counts as %d", revision, got)
	}
}

// applied is what the store takes an engine to enforce.
func (f *fixture) applied(e *Engine) (at storage.Revision) {
	f.t.Helper()
	must(f.t, f.other.View(f.t.Context(), func(r storage.Reader) error {
		nodes, err := r.Nodes(f.t.Context())
		for _, n := range nodes {
			if n.Incarnation == e.node.self() {
				at = n.Applied
			}
		}
		return err
	}))
	return at
}
