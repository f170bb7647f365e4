package e2e

import (
	"net/http"
	"testing"
	"time"
)

// downStaleness is for how long gates believe what they know in these tests.
const downStaleness = 2 * time.Second

const downApp = "max_staleness 2s\nusage {\n flush_interval 200ms\n}"

// The database goes down under load, and comes back.
func TestSTORE02STORE04GatesOutliveTheirDatabaseUnderLoad(t *testing.T) {
	t.Parallel()
	server := ownPostgres(t)
	f := setupTrio(t, server, options{app: downApp, before: quiet, behind: "respond ok"})
	good, cold := f.members[0].plant(1, nil), f.members[0].plant(1, nil)
	f.warm(good)
	var loads []*traffic
	for _, m := range f.members {
		loads = append(loads, m.drive(t, good[0], 50, 2))
	}
	f.underLoad(t, loads, downStaleness/2)
	stops := time.Now()
	must(t, server.Stop())
	down := time.Now()
	eventually(t, downStaleness, "a key that no gate knows is refused for want of the database", func() bool {
		return f.members[1].get("/", cold[0].bearer()).code() == "store_unavailable"
	})
	f.underLoad(t, loads, 2*downStaleness)
	starts := time.Now()
	must(t, server.Start())
	up := time.Now()
	f.underLoad(t, loads, backWithin+time.Second)
	for i, load := range loads {
		load.halt()
		last := wantOnlyUnavailable(t, load, stops, starts, up)
		t.Logf("gate %d let its key in for %v after the database was down", i+1, last.Sub(down).Round(time.Millisecond))
		if late := last.Sub(down); late > downStaleness+time.Second { // the answer may be slow; what counts is when it was decided
			t.Errorf("gate %d let its key in %v after the database was down, want max_staleness (%v) at most", i+1, late, downStaleness)
		}
	}
	f.awaitRegistered(3)
	f.warm(cold)
}

// underLoad lets time pass in which every gate is called.
func (f *trio) underLoad(t testing.TB, loads []*traffic, span time.Duration) {
	t.Helper()
	over := time.Now().Add(span)
	became := becomes(span+startWithin, func() bool { return time.Now().After(over) })
	for i, load := range loads {
		if load.count(func(reply) bool { return true }) == 0 || !became {
			t.Errorf("gate %d wasn't called", i+1)
		}
	}
}

// wantOnlyUnavailable checks all answers to calls with a good key: 200, and,
// from when the database was to stop until some seconds after it was up again,
// store_unavailable as well. It returns the last 200 from before it started again.
func wantOnlyUnavailable(t testing.TB, load *traffic, stops, starts, up time.Time) (last time.Time) {
	t.Helper()
	last = stops
	for _, r := range load.answered {
		away := r.at.After(stops) && r.at.Before(up.Add(backWithin))
		switch {
		case r.status == http.StatusOK:
			if r.at.After(last) && r.at.Before(starts) {
				last = r.at
			}
		case r.code != "store_unavailable" || !away:
			t.Errorf("%v after the database was to stop, and %v after it was up: %+v", r.at.Sub(stops), r.at.Sub(up), r)
		}
	}
	if load.broken > 0 {
		t.Errorf("%d connections broke", load.broken)
	}
	return last
}

// The database restarts under management calls, time and again.
func TestSTORE04ARestartOfTheDatabaseUndoesAndRepeatsNoChange(t *testing.T) {
	t.Parallel()
	const clients = 3
	restarts := sized(3, 50)
	server := ownPostgres(t)
	f := setupTrio(t, server, options{app: downApp, before: quiet, behind: "respond ok"})
	chance := seeded(t)
	var all []*changes
	for _, m := range f.members[:2] {
		c := newChanges(m.office())
		c.begin(clients)
		all = append(all, c)
	}
	for range restarts {
		goal := all[0].acknowledged() + 1 + chance.IntN(10)
		eventually(t, startWithin, "changes are acknowledged", func() bool { return all[0].acknowledged() >= goal })
		end := server.Stop
		if chance.IntN(2) == 0 {
			end = server.Kill
		}
		must(t, end())
		must(t, server.Start())
	}
	f.wantChanges(t, all)
	t.Logf("%d restarts", restarts)
}

// wantChanges ends clients that change keys. What was acknowledged must be in
// the database, once, and nothing may be there by half.
func (f *trio) wantChanges(t *testing.T, all []*changes) {
	t.Helper()
	for _, c := range all {
		c.halt()
		t.Logf("%d keys and %d revocations were acknowledged", len(c.created), len(c.revoked))
		c.stand(t, f.members[0].db)
	}
	if half := f.sql(`SELECT count(*) FROM keys WHERE NOT EXISTS (SELECT 1 FROM audit WHERE key_id = keys.id AND action = 'key.create')`); half != "0" {
		t.Errorf("%s keys were made without a word in the audit trail", half)
	}
	if half := f.sql(`SELECT count(*) FROM keys WHERE status = 'revoked' AND 1 <> (SELECT count(*) FROM audit WHERE key_id = keys.id AND action = 'key.revoke')`); half != "0" {
		t.Errorf("%s keys were revoked without a word in the audit trail, or twice", half)
	}
	if twice := f.sql(`SELECT count(*) FROM (SELECT revision, ordinal FROM change_log GROUP BY revision, ordinal HAVING count(*) > 1) AS twice`); twice != "0" {
		t.Errorf("%s places of the log are taken twice", twice)
	}
	if gaps := f.sql(`SELECT count(*) FROM head WHERE revision <> (SELECT max(revision) FROM change_log) OR revision <> (SELECT count(DISTINCT revision) FROM change_log)`); gaps != "0" {
		t.Error("the log has gaps")
	}
	for _, c := range all {
		for _, made := range c.created {
			if !c.revoked[made.ID] {
				continue
			}
			for _, m := range f.members {
				var got response
				eventually(t, backWithin, "a gate has its database again", func() bool {
					got = m.get("/", made.bearer())
					return got.code() != "store_unavailable"
				})
				if got.code() != "revoked_key" {
					t.Errorf("a key whose revocation was acknowledged is answered %v", got)
				}
			}
		}
	}
}
