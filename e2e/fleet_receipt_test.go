package e2e

import (
	"testing"
	"time"
)

func TestNoRequestSentBehindAReceiptIsLetInByAnyOfThreeGates(t *testing.T) {
	trials := sized(30, 1000)
	f := setupTrio(t, sharedPostgres(t), options{before: quiet, behind: "respond ok"})
	halt := f.loaded(f.members[0].plant(20, nil), 1, 50)
	var times []time.Duration
	for i, k := range f.members[0].plant(trials, nil) {
		callers := watchEvery(t, f.gates(), k, time.Millisecond)
		at := f.members[i%len(f.members)]
		times = append(times, f.revokeAll(at, []key{k})...)
		behind := time.Now()
		for _, c := range callers {
			c.wantRefused(t, behind)
		}
	}
	halt()
	logTimes(t, "a receipt of three gates", times)
}

// Whatever befalls one gate, with requests in its
// sockets all the while.
func TestFLEET02FLEET03STORE07AReceiptHoldsWhateverBefallsOneOfThreeGates(t *testing.T) {
	const atOnce = 5
	rounds := sized(1, 20)
	f, victim := setupOutages(t, options{app: faultApp, before: quiet, behind: "respond ok"})
	good := f.members[0].plant(1, nil)
	f.warm(good)
	for _, o := range outages {
		t.Run(o.name, func(t *testing.T) {
			f.t = t
			var times []time.Duration
			var revoked, unavailable, early int
			for range rounds {
				r := f.outlive(t, victim, o, atOnce)
				times, early = append(times, r.receipts...), early+r.early
				revoked, unavailable = revoked+r.revoked, unavailable+r.unavailable
				f.settled(good[0])
			}
			logTimes(t, "a receipt", times)
			t.Logf("behind receipts, the gate answered revoked_key %d times and store_unavailable %d times; of what was sent before, %d were let in", revoked, unavailable, early)
		})
	}
	f.t = t
}

// outlived is what came of one outage.
type outlived struct {
	receipts             []time.Duration
	revoked, unavailable int // answers of the gate to what was sent behind the receipts
	early                int // requests from before the receipts that the gate let in
}

// outlive revokes keys while one gate suffers an outage, and tries all gates
// with them behind the receipts, before the outage ends and after.
func (f *trio) outlive(t *testing.T, victim *member, o outage, n int) (r outlived) {
	t.Helper()
	made := f.members[0].plant(n, nil)
	f.warm(made)
	before, behind, after := victim.queue(made), victim.queue(made), victim.queue(made)
	began := time.Now()
	o.begin(f, victim)
	before.send(t)
	r.receipts = f.revokeAll(f.members[0], made)
	if waited := time.Since(began); !o.told && waited < o.trust {
		t.Errorf("receipts after %v, while a gate may have let keys in for %v", waited, o.trust)
	}
	behind.send(t)
	for _, m := range f.members[:2] {
		q := m.queue(made)
		q.send(t)
		if revoked, _ := q.wantNone(t, "a healthy gate"); revoked != n {
			t.Errorf("a healthy gate answered revoked_key %d times, want %d", revoked, n)
		}
	}
	for stopped := o.trust + time.Second; time.Since(began) < stopped; {
		becomes(stopped-time.Since(began), func() bool { return false })
	}
	o.end(f, victim)
	after.send(t)
	r.early = before.allowedOf()
	for what, q := range map[string]queued{"sent behind the receipt": behind, "sent once the outage was over": after} {
		revoked, unavailable := q.wantNone(t, what)
		r.revoked, r.unavailable = r.revoked+revoked, r.unavailable+unavailable
	}
	return r
}
