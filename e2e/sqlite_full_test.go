package e2e

import (
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const usageDropped = "keystile_usage_dropped_total"

// setupOn starts a gate with a management API whose database is on a disk of
// its own.
func setupOn(d disk, o options) *office {
	d.t.Helper()
	o, at := withOffice(d.t, o)
	o.store = filepath.Join(d.at, "keys.db")
	g := prepare(d.t, o)
	g.db = o.store
	g.start()
	return openOffice(g, at)
}

func TestFullDiskStopsNoKeyAndLosesNoCall(t *testing.T) {
	t.Parallel()
	t.Run("SQLITE-01 disk full", fillDisk)
}

func fillDisk(t *testing.T) {
	const clients, perSecond = 4, 200
	d := memoryDisk(t, 8<<20)
	o := setupOn(d, options{app: "usage {\n flush_interval 100ms\n}", before: quiet, behind: "respond ok"})
	made, cold := o.plant(20, nil), o.plant(5, nil)
	c := newCrowd(o.gate)
	halt := c.keepCalling(seeded(t), made, clients, perSecond)
	eventually(t, 10*time.Second, "all keys are in memory", func() bool { return c.done.Load() > perSecond })

	free := d.fill()
	o.createUntilRefused("disk is full")
	if got, err := o.revoke(cold[0].ID); err == nil || got.code() != "store_unavailable" {
		t.Errorf("a revocation that can't be written is answered %v, %v", got, err)
	}
	if done := o.cli("keys", "create", "a key"); done.status != 1 || !strings.Contains(done.err, "disk is full") || strings.Count(done.err, "\n") != 1 {
		t.Errorf("keys create: exit status %d: %s", done.status, done.err)
	}
	for _, k := range cold { // they have to be read
		wantOK(t, o.get("/", k.bearer()))
		c.note(k, "", response{status: http.StatusOK}, nil, time.Now())
	}
	eventually(t, 10*time.Second, "a flush failed", func() bool { return strings.Contains(o.log(), "flushing usage failed") })
	before := c.allowed()
	eventually(t, 10*time.Second, "known keys go on", func() bool { return c.allowed() > before+perSecond })

	free()
	eventually(t, 10*time.Second, "keys can be made again", func() bool { _, _, err := o.create("a key"); return err == nil })
	halt()
	c.healthy(t)
	wantIntegrity(t, o.db)
	o.stop()
	wantSums(t, c, append(made, cold...), o.db)
}

// createUntilRefused makes keys until the store has no room, and checks how
// that is answered.
func (o *office) createUntilRefused(why string) {
	o.t.Helper()
	const most = 2000
	for i := range most {
		_, got, err := o.create(fmt.Sprint("key ", i))
		if err == nil {
			continue
		}
		if !errors.Is(err, errRefused) || got.status != http.StatusServiceUnavailable || got.code() != "store_unavailable" || got.header.Get("Retry-After") == "" {
			o.t.Errorf("answered %v, %v", got, err)
		}
		if strings.Contains(got.raw, why) || !strings.Contains(o.log(), why) {
			o.t.Errorf("why (%s) is for the log alone; answered %q", why, got.body)
		}
		return
	}
	o.t.Fatalf("%d keys were made, and none refused", most)
}

// wantIntegrity has SQLite check a whole database.
func wantIntegrity(t testing.TB, database string) {
	t.Helper()
	var verdict string
	withSQL(t, database, func(db queryer) error { return db.QueryRow("PRAGMA integrity_check").Scan(&verdict) })
	if verdict != "ok" {
		t.Errorf("integrity check: %s", verdict)
	}
}

func TestCallsThatCannotBeKeptAnywhereAreCountedAsDropped(t *testing.T) {
	t.Parallel()
	t.Run("SQLITE-01 disk full for good", leaveFullDisk)
}

func leaveFullDisk(t *testing.T) {
	const calls = 300
	d := memoryDisk(t, 8<<20)
	o := setupOn(d, options{app: "usage {\n flush_interval 1h\n}", before: quiet, behind: "respond ok"})
	made := o.plant(20, nil)
	defer d.fill()()
	o.createUntilRefused("disk is full")
	c := newCrowd(o.gate)
	c.serve(4, paced(calls, 10_000, func(i int) order { return order{made[i%len(made)], "/"} }))
	c.healthy(t)
	full := o.db
	o.useStore(filepath.Join(o.dir, "other.db"))
	// The last flush comes behind late requests, and the folder for what it
	// can't write is on the same disk.
	eventually(t, settleWithin, "the old store is given up", func() bool { return o.counter(usageDropped) > 0 })
	dropped, stored := int64(o.counter(usageDropped)), int64(0)
	for _, s := range sums(t, made, full) {
		stored += s.allowed
	}
	if stored+dropped != c.allowed() || c.allowed() != calls {
		t.Errorf("%d calls are stored and %d were dropped, of %d", stored, dropped, c.allowed())
	}
	t.Logf("of %d calls, %d are stored and %d counted as dropped", calls, stored, dropped)
}
