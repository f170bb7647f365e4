package engine

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

// chance is a fleet to which anything happens, in any order and in the middle
// of anything else: nodes begin, end, are killed and stopped, lose the store,
// change their trust; keys are revoked, and requests sent.
type chance struct {
	*fleet
	rand    *rand.Rand
	nodes   []*actor
	issued  []*revoked
	doubted []doubted // by somebody who is in a hurry
	depth   int
	failed  bool
	trace   []string
	allowed int // requests of keys that stand, from memory
	refused int // requests behind a receipt
}

// actor is a node with what it is in the middle of.
type actor struct {
	*member
	polling, beating, asking bool
}

// doubted is a row as it was when it was doubted, and when.
type doubted struct {
	storage.Node
	at time.Time
}

// revoked is a key that was revoked, and how.
type revoked struct {
	*receipt
	key       *ticket
	confirmed bool
}

// action is something that may happen; false: not now.
type action struct {
	often int
	name  string
	do    func(c *chance) bool
}

var actions []action

func init() {
	actions = []action{
		{often: 30, name: "poll", do: func(c *chance) bool { return c.some().poll() }},
		{often: 20, name: "beat", do: func(c *chance) bool { return c.some().tick() }},
		{often: 50, name: "request", do: (*chance).request},
		{often: 20, name: "a moment", do: func(c *chance) bool { return c.while(200 * time.Millisecond) }},
		{often: 5, name: "seconds", do: func(c *chance) bool { return c.while(2 * time.Second) }},
		{often: 8, name: "revoke", do: (*chance).revokeOne},
		{often: 30, name: "look", do: (*chance).look},
		{often: 2, name: "reads fail", do: func(c *chance) bool { c.some().handle.blind = true; return true }},
		{often: 2, name: "writes fail", do: func(c *chance) bool { c.some().handle.mute = true; return true }},
		{often: 2, name: "answers are lost", do: func(c *chance) bool { c.some().handle.lost = true; return true }},
		{often: 12, name: "nothing fails", do: func(c *chance) bool { return c.some().mend() }},
		{often: 3, name: "doubt", do: (*chance).doubt},
		{often: 12, name: "drop", do: (*chance).drop},
		{often: 2, name: "another trust", do: (*chance).adoptAnother},
		{often: 1, name: "kill", do: (*chance).kill},
		{often: 1, name: "end", do: (*chance).end},
		{often: 1, name: "prune", do: func(c *chance) bool { c.shelf.prune(); return true }},
	}
}

func (c *chance) while(most time.Duration) bool {
	c.pass(time.Duration(c.rand.Int64N(int64(most))))
	return true
}

func (a *actor) mend() bool {
	a.handle.blind, a.handle.mute, a.handle.lost = false, false, false
	return true
}

func (c *chance) some() *actor { return c.nodes[c.rand.IntN(len(c.nodes))] }

// settings are of any trust.
func (c *chance) settings() Settings {
	s := Settings{MaxStaleness: time.Duration(1+c.rand.IntN(3)) * time.Second, FlushInterval: time.Hour, CacheSize: 100}
	if c.rand.IntN(3) == 0 {
		s.ServeStale = s.MaxStaleness + time.Duration(c.rand.IntN(4))*time.Second
	}
	return s
}

// join adds a node whose clock is off by up to five parts in a thousand.
func (c *chance) join() *actor {
	a := &actor{member: c.add(c.rand.IntN(9)-4, c.settings())}
	a.handle.mute = c.rand.IntN(4) == 0
	a.handle.between = c.between
	a.polling, a.beating, a.asking = true, true, true
	c.nodes = append(c.nodes, a)
	for a.node.join(c.t.Context()); a.follower.catchUp(c.t.Context()) != nil; {
		a.mend() // it isn't ready before that
	}
	a.started = true
	close(a.ready)
	a.polling, a.beating, a.asking = false, false, false
	return a
}

// between lets other things happen in the middle of one.
func (c *chance) between() {
	if c.depth > 2 || c.rand.IntN(3) > 0 {
		return
	}
	c.depth++
	for range c.rand.IntN(4) {
		c.step()
	}
	c.depth--
}

func (c *chance) step() {
	all := 0
	for _, a := range actions {
		all += a.often
	}
	at := c.rand.IntN(all)
	for _, a := range actions {
		if at -= a.often; at < 0 {
			c.note(a.name)
			a.do(c)
			return
		}
	}
}

// last is what happened last.
func (c *chance) last(n int) string {
	return strings.Join(c.trace[max(0, len(c.trace)-n):], "\n")
}

func (c *chance) note(what string) {
	c.trace = append(c.trace, fmt.Sprintf("%*s%v %s", 2*c.depth, "", c.elapsed, what))
}

func (a *actor) poll() bool {
	if a.polling {
		return false
	}
	a.polling = true
	a.member.poll()
	a.polling = false
	return true
}

func (a *actor) tick() bool {
	if a.beating {
		return false
	}
	a.beating = true
	a.member.tick()
	a.beating = false
	return true
}

// request asks a node about a key: once a receipt was confirmed, nobody lets
// it in.
func (c *chance) request() bool {
	a := c.some()
	if a.asking {
		return false
	}
	a.asking = true
	defer func() { a.asking = false }()
	one := c.issued[max(0, len(c.issued)-1-c.rand.IntN(4))]
	behind := one.confirmed
	remembered := a.remembers(one.key)
	got := a.answer(one.key)
	c.note(fmt.Sprintf("%s answers %s of %s, behind its receipt: %v", a.name, got, one.key.ID, behind))
	switch {
	case behind && got == string(keys.Active) && !c.failed:
		c.failed = true // and not more: this may be anybody's goroutine
		c.t.Errorf("%s lets a key in behind the receipt of its revocation:\n%s", a.name, c.last(80))
	case behind:
		c.refused++
	case got == string(keys.Active) && remembered:
		c.allowed++
	}
	return true
}

// revokeOne revokes the key that nodes have in memory, and makes another.
func (c *chance) revokeOne() bool {
	one := c.issued[len(c.issued)-1]
	if one.receipt != nil {
		return false
	}
	one.receipt = c.revokeBy(c.clock(c.rand.IntN(11)-5), one.key)
	c.note(fmt.Sprintf("revoked %s by revision %d", one.key.ID, one.revision))
	c.issued = append(c.issued, &revoked{key: c.key()})
	return true
}

// look asks whether receipts are confirmed.
func (c *chance) look() bool {
	for _, one := range c.issued[max(0, len(c.issued)-5):] {
		if one.receipt != nil && !one.confirmed && one.pending() == "" {
			one.confirmed = true
			c.note(fmt.Sprintf("the receipt of %s is confirmed", one.key.ID))
		}
	}
	return true
}

// doubt asks a node for no reason whether it lives.
func (c *chance) doubt() bool {
	all := c.shelf.all()
	if len(all) == 0 {
		return false
	}
	n := all[c.rand.IntN(len(all))]
	_, err := c.issuer.Update(c.t.Context(), func(tx storage.Tx) error {
		return tx.DoubtNode(c.t.Context(), n.Incarnation, n.Beats)
	})
	if err == nil {
		c.note("doubted " + n.Name)
		c.doubted = append(c.doubted, doubted{n, c.clock(0)()})
	}
	return err == nil
}

// drop removes who didn't answer, as soon as may be.
func (c *chance) drop() bool {
	c.doubted = slices.DeleteFunc(c.doubted, func(one doubted) bool {
		if !one.Outlived(c.clock(0)().Sub(one.at)) {
			return false
		}
		_, err := c.issuer.Update(c.t.Context(), func(tx storage.Tx) error {
			return tx.DropNode(c.t.Context(), one.Incarnation, one.Beats)
		})
		if err == nil {
			c.note("dropped " + one.Name)
		}
		return true
	})
	return true
}

func (c *chance) adoptAnother() bool {
	s := c.settings()
	c.some().settings.current.Store(&s)
	return true
}

// kill ends a node without a word; another takes its place.
func (c *chance) kill() bool {
	at := c.rand.IntN(len(c.nodes))
	a := c.nodes[at]
	if a.polling || a.beating || a.asking || len(c.nodes) < 2 {
		return false
	}
	a.handle.between = func() {} // it is cleaned up when all is over
	c.nodes = slices.Delete(c.nodes, at, at+1)
	c.join()
	return true
}

// end ends a node as the end of its process does.
func (c *chance) end() bool {
	at := c.rand.IntN(len(c.nodes))
	a := c.nodes[at]
	if a.polling || a.beating || a.asking || len(c.nodes) < 2 {
		return false
	}
	c.nodes = slices.Delete(c.nodes, at, at+1)
	must(c.t, a.Hurry(0))
	c.join()
	return true
}

// recover lets everybody work for a while: each receipt is confirmed then, and
// only those who live have a row.
func (c *chance) recover() {
	for _, a := range c.nodes {
		a.mend()
		a.handle.between = func() {}
	}
	for range 120 {
		c.pass(250 * time.Millisecond)
		for _, a := range c.nodes {
			a.poll()
			a.tick()
		}
	}
	c.look()
	for _, one := range c.issued {
		if one.receipt != nil && !one.confirmed && one.pending() != "" {
			c.t.Errorf("a receipt is never confirmed: it waits for %s", one.pending())
		}
	}
	if n := len(c.shelf.nodes); n != len(c.nodes) {
		c.t.Errorf("%d rows for %d nodes:\n%s", n, len(c.nodes), c.last(40))
	}
}

func TestNobodyIsLetInBehindAReceiptWhateverHappensMeanwhile(t *testing.T) {
	t.Parallel()
	const runs = 10
	first := rand.Uint64()
	for _, beats := range []bool{false, true} {
		t.Run(fmt.Sprintf("asking is a beat: %v", beats), func(t *testing.T) {
			t.Parallel()
			allowed, refused := 0, 0
			for run := range uint64(runs) {
				t.Run(fmt.Sprintf("seed %d", first+run), func(t *testing.T) {
					c := happen(t, first+run, beats)
					allowed, refused = allowed+c.allowed, refused+c.refused
				})
			}
			if allowed < runs || refused < runs {
				t.Errorf("only %d requests allowed from memory, and %d refused behind a receipt: this proves nothing", allowed, refused)
			}
			t.Logf("%d allowed from memory, %d refused behind a receipt", allowed, refused)
		})
	}
}

// happen runs one fleet for a while.
func happen(t *testing.T, seed uint64, beats bool) *chance {
	t.Helper()
	const nodes, steps = 3, 2000
	c := &chance{fleet: newFleet(t), rand: rand.New(rand.NewPCG(seed, 0))}
	c.beats, c.issued = beats, []*revoked{{key: c.key()}}
	for range nodes {
		c.join()
	}
	for range steps {
		c.step()
	}
	c.recover()
	return c
}
