package e2e

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"
)

// quiet keeps the access log out of load, which is about other things.
const quiet = "log_skip"

func TestClientsCountAndStoreAgreeAcrossReloadAndTermination(t *testing.T) {
	const requests, keys, clients, perSecond = 10_000, 50, 16, 2000
	const interval = 500 * time.Millisecond
	chance, saw := seeded(t), newRegister()
	g := setup(t, options{
		upstream: newUpstream(t, saw.answer).forget(), before: quiet,
		app: "usage {\n flush_interval 500ms\n}", policy: "route GET /items/{name}",
	})
	made := g.plant(keys, nil)
	targets := []string{"/items/a", "/items/b", "/items/c", "/closed"}
	c := newCrowd(g)
	c.patient = true
	orders := paced(requests, perSecond, func(int) order {
		return order{made[chance.IntN(keys)], targets[chance.IntN(len(targets))]}
	})

	pace := watchFlushes(g, interval)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		c.serve(clients, orders)
	}()
	eventually(t, time.Minute, "a third of the calls", func() bool { return c.done.Load() > requests/3 })
	g.reload(g.caddyfile())
	eventually(t, time.Minute, "two thirds of the calls", func() bool { return c.done.Load() > requests*2/3 })
	pace.check("until the termination")
	if status := g.stop(); status != 0 {
		t.Errorf("exit status %d", status)
	}
	g.start()
	pace = watchFlushes(g, interval)
	<-ended
	pace.check("after the restart")

	c.healthy(t)
	saw.agrees(t, c)
	t.Logf("%d calls; %d requests were sent again", c.number.Load(), c.again.Load())
	eventually(t, 10*interval, "the store holds all that was counted", func() bool {
		total := int64(0)
		for _, s := range sums(t, made, g.db) {
			total += s.allowed + s.denied
		}
		return total >= c.done.Load()
	})
	wantSums(t, c, made, g.db)
	g.stop()
	wantSums(t, c, made, g.db)
}

// flushWatch compares what the gate writes with what it may.
type flushWatch struct {
	g        *gate
	interval time.Duration
	began    time.Time
	commits  *commits // nil on a server
	written  int64    // transactions, by SQLite's count
	flushed  int64    // transactions, by the gate's count of flushes
}

func watchFlushes(g *gate, interval time.Duration) *flushWatch {
	g.t.Helper()
	w := &flushWatch{g: g, interval: interval, began: time.Now()}
	if !onServer(g.db) {
		w.commits = newCommits(g.t, g.db)
	}
	eventually(g.t, startWithin, "no flush ends between the two readings", func() bool {
		w.written, w.flushed = w.writes(), w.flushes()
		return w.writes() == w.written
	})
	return w
}

func (w *flushWatch) flushes() int64 { return int64(w.g.counter(usageFlushes)) }

func (w *flushWatch) writes() int64 {
	if w.commits == nil {
		return w.flushes()
	}
	return w.commits.count()
}

// check fails the test where the gate wrote anything but flushes, or more than
// two of them in an interval. Nobody else may have written since the watch
// began. On a server, only flushes are counted: a gate writes that it lives, too.
func (w *flushWatch) check(when string) {
	t := w.g.t
	t.Helper()
	earlier, flushes, writes := w.writes()-w.written, w.flushes()-w.flushed, w.writes()-w.written
	intervals := float64(time.Since(w.began)) / float64(w.interval)
	t.Logf("%s: %d transactions, %d flushes in %.1f intervals", when, writes, flushes, intervals)
	if most := int64(2*intervals) + 2; writes > most || flushes > most {
		t.Errorf("%s: want at most 2 in each interval", when)
	}
	if flushes < earlier-1 || flushes > writes+1 { // one flush may have begun, and not ended
		t.Errorf("%s: the request's way leads to a write", when)
	}
	if flushes == 0 {
		t.Errorf("%s: nothing was flushed", when)
	}
}

func TestDatabaseLockedOverManyFlushesLosesNoCall(t *testing.T) {
	const requests, keys, clients, perSecond = 4000, 20, 8, 500
	// The lock is held for longer than a flush waits for it, so that some
	// flush fails and is repeated.
	const held = 6500 * time.Millisecond
	chance, saw := seeded(t), newRegister()
	g := setup(t, options{
		driver: "sqlite", upstream: newUpstream(t, saw.answer).forget(), before: quiet, app: "usage {\n flush_interval 200ms\n}",
	})
	made := g.plant(keys, nil)
	c := newCrowd(g)
	orders := paced(requests, perSecond, func(int) order { return order{made[chance.IntN(keys)], "/"} })
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		c.serve(clients, orders)
	}()
	eventually(t, 10*time.Second, "load is under way", func() bool { return c.done.Load() > perSecond/2 })
	release := lock(t, g.db)
	locked, committed := time.Now(), newCommits(t, g.db)
	written := committed.count()
	eventually(t, 2*held, "the lock was held for long enough", func() bool { return time.Since(locked) > held })
	if more := committed.count() - written; more != 0 {
		t.Errorf("%d transactions while the database was locked", more)
	}
	release()
	<-ended
	c.healthy(t)
	saw.agrees(t, c)
	g.stop()
	wantSums(t, c, made, g.db)
}

func TestDatabaseLockedOverTerminationLosesNoCall(t *testing.T) {
	const requests, keys, clients, perSecond = 1000, 20, 8, 500
	chance, saw := seeded(t), newRegister()
	g := setup(t, options{
		driver: "sqlite", upstream: newUpstream(t, saw.answer).forget(), before: quiet, app: "usage {\n flush_interval 200ms\n}",
	})
	made := g.plant(keys, nil)
	c := newCrowd(g)
	var release func()
	c.serve(clients, paced(requests, perSecond, func(i int) order {
		if i == requests/2 {
			release = lock(t, g.db)
		}
		return order{made[chance.IntN(keys)], "/"}
	}))
	terminated := time.Now()
	if status := g.stop(); status != 0 {
		t.Errorf("exit status %d with the counts in the spool", status)
	}
	t.Logf("with the database locked, the process ended %v after SIGTERM", time.Since(terminated).Round(time.Millisecond))
	release()
	if waiting := spooled(t, g.dir); waiting == 0 {
		t.Error("no spool file beside the data")
	}
	g.start()
	eventually(t, 5*time.Second, "the spool is empty", func() bool { return spooled(t, g.dir) == 0 })
	c.healthy(t)
	saw.agrees(t, c)
	wantSums(t, c, made, g.db)
}

// spooled counts the spool files in a folder.
func spooled(t testing.TB, dir string) int {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.spool", "usage-*.spool"))
	if err != nil {
		t.Fatal(fmt.Errorf("look for spool files: %w", err))
	}
	return len(files)
}
