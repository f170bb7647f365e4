package engine

import (
	"testing"
	"time"

	"github.com/keystile/keystile/internal/storage"
)

// later lets time pass for a node that lives, a second at a time.
func (m *member) later(seconds int) {
	for range seconds {
		m.f.pass(time.Second)
		m.poll()
		m.tick()
	}
}

func TestTheRowOfAKilledNodeGoesAfterTwiceItsTrust(t *testing.T) {
	t.Parallel()
	f, a, _, k := pair(t)
	a.tick()
	a.later(20)
	if n := len(f.shelf.nodes); n != 2 {
		t.Fatalf("%d rows after 20 s", n)
	}
	r := f.revoke(k)
	a.poll()
	a.tick()
	r.want("node 2", "while the dead node's row is there")
	a.later(6)
	if n := len(f.shelf.nodes); n != 1 {
		t.Errorf("%d rows after 26 s", n)
	}
	r.want("", "once it is gone")
	if !a.remembers(k) {
		a.want(k, "revoked", "on the node that lives")
	}
}

func TestNodesThatLiveAreNeverDoubted(t *testing.T) {
	t.Parallel()
	f, a, b, _ := pair(t)
	before := f.shelf.head
	for range 300 {
		f.pass(time.Second)
		for _, m := range []*member{a, b} {
			m.poll()
			m.tick()
		}
	}
	if f.shelf.head != before || len(f.shelf.nodes) != 2 {
		t.Errorf("head %v after %v, %d rows", f.shelf.head, before, len(f.shelf.nodes))
	}
}

func TestANodeThatWakesWhileItIsDoubtedSaysThatItLives(t *testing.T) {
	t.Parallel()
	f, a, b, k := pair(t)
	a.tick()
	a.later(15)
	row := f.shelf.nodes[b.node.self()]
	if !row.Doubted {
		t.Fatalf("not doubted after 15 s: %+v", row)
	}
	b.poll()
	if b.remembers(k) {
		t.Error("memory is believed though somebody may be about to remove the row")
	}
	b.tick()
	b.poll()
	if !b.remembers(k) {
		t.Error("memory is not believed again once it has said that it lives")
	}
	for range 40 { // and it stays
		f.pass(time.Second)
		for _, m := range []*member{a, b} {
			m.poll()
			m.tick()
		}
	}
	if again := f.shelf.nodes[b.node.self()]; again.Beats <= row.Beats || again.Doubted {
		t.Errorf("its row: %+v", again)
	}
}

func TestADoubtedNodeThatCannotAnswerBelievesNothingOnceItsRowIsGone(t *testing.T) {
	t.Parallel()
	f, a, b, k := pair(t)
	a.tick()
	b.handle.mute = true
	gone := false
	for range 60 {
		f.pass(500 * time.Millisecond)
		for _, m := range []*member{b, a} {
			m.poll()
			m.tick()
		}
		if _, there := f.shelf.nodes[b.node.self()]; !there {
			gone = true
			if b.remembers(k) {
				t.Fatal("memory is believed without a row")
			}
		}
	}
	if !gone {
		t.Fatal("the row is still there")
	}
	b.want(k, "active", "from the store")
	r := f.revoke(k)
	a.poll()
	a.tick()
	r.want("", "without it")
	b.want(k, "revoked", "from the store")
}

// The answer to a beat that was sent before a doubt doesn't settle the doubt.
func TestAnAnswerThatComesLateSettlesNoDoubt(t *testing.T) {
	t.Parallel()
	f, a, b, k := pair(t)
	a.tick()
	f.pass(3 * time.Second)
	steps := 0
	b.handle.between = func() {
		if steps++; steps == 2 { // the beat is stored, and its answer on the way
			b.handle.between = func() {}
			a.later(15)
			b.poll()
		}
	}
	b.tick()
	b.poll()
	if row := f.shelf.nodes[b.node.self()]; !row.Doubted || b.remembers(k) {
		t.Errorf("doubted: %v; memory is believed: %v", row.Doubted, b.remembers(k))
	}
	b.tick()
	b.poll()
	if !b.remembers(k) {
		t.Error("memory is not believed again")
	}
}

func TestANodeThatFellBehindThePrunedLogFollowsItAnew(t *testing.T) {
	t.Parallel()
	f, _, b, k := pair(t)
	r := f.revoke(k)
	f.put(f.issuer, k)
	f.shelf.prune()
	f.pass(3 * time.Second)
	b.tick() // from a position that isn't in the log any more
	r.want("node 1, node 2", "after a beat from nowhere")
	b.poll()
	b.tick()
	b.poll()
	b.want(k, "revoked", "once it has joined the log")
	r.want("node 1", "then")
	if !b.remembers(k) {
		t.Error("memory is not believed again")
	}
}

func TestWhereOnlyBeatsConfirmReadsProlongNothing(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	f.beats = true
	k := f.key()
	m := f.node()
	for range 30 {
		f.pass(time.Second)
		m.poll()
		m.want(k, "active", "confirmed by beats")
		if !m.remembers(k) {
			t.Fatal("memory is not believed")
		}
	}
	r := f.revoke(k)
	m.poll()
	m.want(k, "revoked", "after a poll")
	m.poll()
	r.want("", "after another, which said so")

	m.handle.mute = true
	for range 10 {
		f.pass(time.Second)
		m.poll()
	}
	if m.remembers(k) {
		t.Error("memory is believed while only reads succeed")
	}
	m.handle.mute, m.handle.blind = false, true
	f.put(f.issuer, k)
	m.poll()
	if m.remembers(k) {
		t.Error("memory is believed while only beats succeed")
	}
}

func TestALongerTrustIsUsedOnlyOnceTheStoreKnowsOfIt(t *testing.T) {
	t.Parallel()
	f, _, b, k := pair(t)
	b.settings.current.Store(&Settings{MaxStaleness: time.Minute, ServeStale: time.Hour, FlushInterval: time.Hour, CacheSize: 100})
	b.poll()
	b.handle.blind = true
	f.pass(10*time.Second + 1)
	b.want(k, "unavailable", "beyond what the store was told")
	b.handle.blind = false
	b.tick()
	b.handle.blind = true
	b.want(k, "unavailable", "with what was known before the store was told")
	b.handle.blind = false
	b.poll()
	b.handle.blind = true
	f.pass(59 * time.Second)
	if !b.remembers(k) {
		t.Error("memory is not believed as long as the store was told")
	}
	f.pass(58 * time.Minute)
	b.poll() // in vain
	b.want(k, "active", "stale")
	row := f.shelf.nodes[b.node.self()]
	if row.Trust != time.Hour {
		t.Errorf("the store was told of %v", row.Trust)
	}
}

func TestAShorterTrustIsKeptBeforeTheStoreIsTold(t *testing.T) {
	t.Parallel()
	f, m, k := lasting(t, time.Minute, time.Hour)
	m.settings.current.Store(&tenSeconds)
	told := storage.Node{}
	m.handle.between = func() {
		if told.Trust == 0 && f.shelf.nodes[m.node.self()].Trust == 10*time.Second {
			told = f.shelf.nodes[m.node.self()]
			f.pass(10 * time.Second)
			if _, usable := m.confirmed.usable(m.cfg.Now()); m.remembers(k) || usable {
				t.Error("memory is believed for longer than the store was told just now")
			}
		}
	}
	m.tick()
	if told.Trust == 0 {
		t.Error("the store wasn't told")
	}
}

// onItsWay has something happen while a poll's question (step 1) or its answer
// (step 2) is on its way.
func (m *member) onItsWay(step int, fn func()) {
	steps := 0
	m.handle.between = func() {
		if steps++; steps == step {
			m.handle.between = func() {}
			fn()
		}
	}
	m.poll()
}

func (m *member) adoptAndTell(s Settings) {
	m.settings.current.Store(&s)
	m.tick()
}

// The row said less for a moment, in which somebody may have counted on that.
func TestAnAnswerThatIsOnItsWayWhileTheTrustChangesCountsForNothing(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	k := f.key()
	minute := Settings{MaxStaleness: time.Minute, FlushInterval: time.Hour, CacheSize: 100}
	for step := 1; step <= 2; step++ {
		for _, known := range []bool{false, true} { // when the question is sent
			m := f.add(0, minute)
			m.begin()
			m.want(k, "active", "at first")
			f.pass(30 * time.Second)
			if known {
				m.settings.current.Store(&tenSeconds)
			}
			m.onItsWay(step, func() {
				m.adoptAndTell(tenSeconds)
				m.settings.current.Store(&minute)
				if !known {
					m.tick()
				}
			})
			if f.pass(10 * time.Second); m.remembers(k) {
				t.Errorf("memory is believed for longer than the row said; step %d, known before: %v", step, known)
			}
		}
	}
}

func TestAnAnswerThatIsOnItsWayWhileTheNodeEndsCountsForNothing(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	k := f.key()
	for name, end := range map[string]func(m *member){
		"the engine ends": func(m *member) { m.node.leave() },
		"its row is gone": func(m *member) {
			must(t, f.issuer.Unregister(t.Context(), m.node.self()))
			m.handle.mute = true
			m.node.lose(m.node.self()) // as it hears from a beat
		},
	} {
		m := f.node()
		m.want(k, "active", "at first")
		m.onItsWay(2, func() { end(m) })
		if m.remembers(k) {
			t.Errorf("%s: memory is believed", name)
		}
	}
}

func TestMemoryIsBelievedFromBeforeTheQuestionWasSent(t *testing.T) {
	t.Parallel()
	f, _, b, k := pair(t)
	for step := 1; step <= 2; step++ {
		b.onItsWay(step, func() { f.pass(4 * time.Second) })
		if f.pass(6*time.Second - 1); !b.remembers(k) {
			t.Errorf("step %d: memory is not believed any more just before the end", step)
		}
		if f.pass(1); b.remembers(k) {
			t.Errorf("step %d: memory is believed for longer than since the question", step)
		}
	}
}
