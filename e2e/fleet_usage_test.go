package e2e

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/servertest"
)

const (
	usageApp  = "plan small {\n rate_limit live 1/d\n}\nusage {\n flush_interval 200ms\n}"
	usageKeys = 20
)

// crowds are clients of every gate.
type crowds struct {
	all   []*crowd
	halts []func()
}

// called has clients call every gate with keys, at most one in fifty times
// where there is no route, until halt.
func (f *trio) called(made []key, clients, perSecond int) *crowds {
	cs := &crowds{}
	for _, g := range f.gates() {
		c := newCrowd(g)
		c.patient = true
		cs.all = append(cs.all, c)
		cs.halts = append(cs.halts, c.keepGoing(seeded(f.t), made, clients, perSecond))
	}
	return cs
}

func (c *crowd) keepGoing(chance *rand.Rand, made []key, clients, perSecond int) (halt func()) {
	const one, of = 1, 50
	stop, ended := make(chan struct{}), make(chan struct{})
	orders := pacedUntil(stop, 1<<40, perSecond, func(int) order {
		target := "/"
		if chance.IntN(of) < one {
			target = "/nowhere"
		}
		return order{made[chance.IntN(len(made))], target}
	})
	go func() {
		defer close(ended)
		c.serve(clients, orders)
	}()
	return func() {
		close(stop)
		<-ended
	}
}

// done waits until every gate has answered so many calls more.
func (cs *crowds) done(t testing.TB, more int64) {
	t.Helper()
	for _, c := range cs.all {
		goal := c.done.Load() + more
		eventually(t, time.Minute, "calls are answered", func() bool { return c.done.Load() >= goal })
	}
}

// halt ends the calls, and adds up what clients counted.
func (cs *crowds) halt(t testing.TB) *crowd {
	t.Helper()
	sum := &crowd{tally: map[string]*tally{}}
	for i, c := range cs.all {
		cs.halts[i]()
		c.healthy(t)
		for id, counted := range c.tally {
			of := sum.tally[id]
			if of == nil {
				of = &tally{}
				sum.tally[id] = of
			}
			of.allowed, of.denied = of.allowed+counted.allowed, of.denied+counted.denied
		}
	}
	return sum
}

// Through restarts of the database, connections that end in
// the middle of a flush, reloads, and the end of a gate without the database.
func TestFLEET04DATA02WhatClientsOfThreeGatesCountIsWhatTheDatabaseHolds(t *testing.T) {
	t.Parallel()
	rounds := sized(1, 20)
	server := ownPostgres(t)
	f := setupTrio(t, server, options{app: usageApp, policy: "route GET /", before: quiet, behind: "respond ok"})
	made := f.members[0].plant(usageKeys, nil)
	f.warm(made)
	f.sql(slowCommits)
	warmed := newCrowd(f.members[0].gate)
	for _, k := range made {
		warmed.tally[k.ID] = &tally{allowed: int64(len(f.members))}
	}
	load := f.called(made, 2, 100)
	for round := range rounds {
		load.done(t, 50)
		must(t, server.Kill())
		must(t, server.Start())
		load.done(t, 50)
		for range sized(3, 20) {
			f.loseAcknowledgement(t, 0)
		}
		f.members[1].reload(f.members[1].caddyfile())
		load.done(t, 50)
		gone := f.members[2].line.Cut
		if round%2 == 1 { // that takes longer
			gone = func() { f.members[2].line.BlackHole(servertest.ToServer) }
		}
		gone()
		f.endWithoutDatabase(t, f.members[2], load)
		load.done(t, 50)
	}
	sum := load.halt(t)
	for id, counted := range warmed.tally {
		if sum.tally[id] == nil {
			sum.tally[id] = &tally{}
		}
		sum.tally[id].allowed += counted.allowed
	}
	for _, m := range f.members {
		if status := m.stop(); status != 0 {
			t.Errorf("exit status %d", status)
		}
	}
	wantSums(t, sum, made, f.members[0].db)
}

// slowCommits make the commit of each flush take a while, so that it can be
// met.
const slowCommits = `CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.05); RETURN NULL; END $$;
	CREATE CONSTRAINT TRIGGER dawdle AFTER INSERT OR UPDATE ON usage_incarnations DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION dawdle()`

// loseAcknowledgement cuts a gate's connections while it waits for the answer
// to a commit of usage, which goes on.
func (f *trio) loseAcknowledgement(t testing.TB, n int) {
	t.Helper()
	committing := fmt.Sprintf(`SELECT count(*) FROM pg_stat_activity WHERE application_name = 'gate%d' AND datname = current_database() AND wait_event = 'PgSleep'`, n)
	eventually(t, startWithin, "a flush is being committed", func() bool { return f.sql(committing) != "0" })
	f.members[n].line.Cut()
	f.members[n].line.Heal()
}

// endWithoutDatabase ends a gate that can't reach the database, and starts it
// again, while it is called.
func (f *trio) endWithoutDatabase(t testing.TB, m *member, load *crowds) {
	t.Helper()
	load.done(t, 20)
	p := m.process
	m.process = nil
	status, ok := p.end(syscall.SIGTERM, stopWithin)
	if status != 0 || !ok {
		t.Errorf("exit status %d", status)
	}
	if m.spooled() == 0 {
		t.Error("what couldn't be written isn't in a file")
	}
	m.line.Cut()
	m.line.Heal()
	m.start()
	eventually(t, startWithin, "what waited in a file is written", func() bool { return m.spooled() == 0 })
}

// spooled counts the files in which the gate's usage waits.
func (m *member) spooled() int {
	m.t.Helper()
	files, err := filepath.Glob(filepath.Join(m.dir, ".data", "caddy", "keystile", "postgres-*.spool", "usage-*.spool"))
	if err != nil {
		m.t.Fatal(err)
	}
	return len(files)
}
