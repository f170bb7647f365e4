package e2e

import (
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/servertest"
)

// A gate is killed right behind its answer.
func TestFLEET06AKillRightBehindTheAnswerUndoesNoRevocationOnAnyGate(t *testing.T) {
	t.Parallel()
	kills := sized(3, 100)
	f := setupTrio(t, sharedPostgres(t), options{app: faultApp, before: quiet, behind: "respond ok"})
	chance := seeded(t)
	for _, k := range f.members[0].plant(kills, nil) {
		f.warm([]key{k})
		at := f.members[chance.IntN(len(f.members))]
		got, err := at.revoke(k.ID, "")
		here := at.get("/", k.bearer())
		at.kill()
		if err != nil || got.Status != "revoked" || here.code() != "revoked_key" {
			t.Errorf("revoked: %+v, %v; right behind, at the same gate: %v", got, err, here)
		}
		for _, m := range f.members {
			if m != at {
				eventually(t, faultStaleness, "another gate refuses the key", func() bool { return m.get("/", k.bearer()).code() == "revoked_key" })
			}
		}
		at.start()
		if got := at.get("/", k.bearer()); got.code() != "revoked_key" {
			t.Errorf("after the restart: %v", got)
		}
	}
	f.awaitRegistered(3) // and nobody beside them: dead ones are forgotten
}

// PROC-02 in a fleet: what was counted is short by a flush interval's calls at
// most, and never over.
func TestPROC02AKilledGateLosesAtMostOneFlushIntervalAndNoOtherGateAnything(t *testing.T) {
	t.Parallel()
	const interval, perSecond, workers = 500 * time.Millisecond, 100, 2
	rounds := sized(1, 20)
	f := setupTrio(t, sharedPostgres(t), options{app: "usage {\n flush_interval 500ms\n}", before: quiet, behind: "respond ok"})
	for range rounds {
		made := f.members[0].plant(1, nil)
		f.warm(made)
		var loads []*traffic
		for _, m := range f.members {
			loads = append(loads, m.drive(t, made[0], perSecond, workers))
		}
		var flushed flushNotes
		for _, load := range loads {
			eventually(t, startWithin, "load is under way for some intervals", func() bool {
				flushed.note(f.members[0].gate, interval/10)
				return load.count(allowed) > perSecond && flushed.seen() > 2
			})
		}
		since := earlier(time.Now().Add(-interval-spare/2), flushed.lastEnded())
		f.members[0].kill()
		var all, late int64 = 3, 0 // three by warm
		for i, load := range loads {
			load.halt()
			all += int64(load.count(allowed))
			if i == 0 {
				late = int64(load.count(func(r reply) bool { return allowed(r) && r.at.After(since) }))
			}
		}
		for _, m := range f.members[1:] {
			m.stop()
		}
		stored := sums(t, made, f.members[0].db)[made[0].ID]
		t.Logf("the database holds %d calls, clients counted %d, of them %d at the killed gate in the last interval", stored.total, all, late)
		// Each worker may have had one call counted whose answer was cut off.
		if stored.total > all+workers || stored.total < all-late || stored.total != stored.allowed {
			t.Errorf("the database holds %+v; clients counted %d, of them %d at the killed gate in the last interval", stored, all, late)
		}
		for _, m := range f.members {
			m.start()
		}
	}
}

// The database is away for long, and counts have to wait.
func TestDATA01CountsWaitForADatabaseThatIsAwayForLongInBoundedMemory(t *testing.T) {
	t.Parallel()
	perSecond, away := sized(200, 1000), sized(3*time.Second, 10*time.Minute)
	f := newTrio(t, sharedPostgres(t))
	m := f.add(options{app: "on_store_failure serve_stale 1h\nusage {\n flush_interval 200ms\n}", before: quiet, behind: "respond ok"}, "postgres")
	m.start()
	made := m.plant(50, nil)
	c := newCrowd(m.gate)
	halt := c.keepCalling(rand.New(rand.NewPCG(1, 2)), made, 4, perSecond)
	eventually(t, startWithin, "all keys are known", func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		return len(c.tally) == len(made)
	})
	before := m.heap()
	m.line.BlackHole(servertest.ToServer)
	over := time.Now().Add(away)
	becomes(2*away, func() bool { return time.Now().After(over) })
	after := m.heap()
	m.line.Cut()
	m.line.Heal()
	halt()
	c.healthy(t)
	const most = 16 << 20
	t.Logf("%d calls; the heap went from %d to %d KiB while the database was away for %v", c.allowed(), before>>10, after>>10, away)
	if after > before+most {
		t.Errorf("the heap went from %d to %d bytes", before, after)
	}
	if dropped := m.counter("keystile_usage_dropped_total"); dropped != 0 {
		t.Errorf("%v calls were dropped", dropped)
	}
	p := m.process
	m.process = nil
	if status, ok := p.end(syscall.SIGTERM, stopWithin); status != 0 || !ok {
		t.Errorf("exit status %d", status)
	}
	wantSums(t, c, made, m.db)
}
