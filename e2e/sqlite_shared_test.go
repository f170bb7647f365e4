package e2e

import (
	"net/http"
	"slices"
	"testing"
	"time"
)

func TestTwoGatesOnOneDatabaseKnowOfEachOthersChanges(t *testing.T) {
	t.Parallel()
	t.Run("SQLITE-05 two gateways on one file", shareDatabase)
}

func shareDatabase(t *testing.T) {
	const staleness, times, clients, perSecond = 2 * time.Second, 10, 2, 100
	app := "max_staleness 2s\nusage {\n flush_interval 200ms\n}"
	one := setupOffice(t, options{driver: "sqlite", app: app, before: quiet, behind: "respond ok"})
	o, at := withOffice(t, options{app: app, before: quiet, behind: "respond ok", store: one.db})
	g := prepare(t, o)
	g.db = one.db
	g.start()
	two := &office{gate: g, at: at, token: one.token}

	made := one.plant(20, nil)
	crowds := []*crowd{newCrowd(one.gate), newCrowd(two.gate)}
	var halts []func()
	for _, c := range crowds {
		halts = append(halts, c.keepCalling(seeded(t), made, clients, perSecond))
	}
	var delays []time.Duration
	for i := range times {
		here, there := one, two
		if i%2 == 1 {
			here, there = two, one
		}
		delays = append(delays, revokeAcross(t, here, there, staleness))
	}
	logDelays(t, "at the other gate, from the answer on", delays)
	if late := slices.Max(delays); late > staleness {
		t.Errorf("a revocation was in force only %v later at the other gate, want %v at most", late, staleness)
	}
	for i, halt := range halts {
		halt()
		crowds[i].healthy(t)
	}
	one.stop()
	two.stop()
	both := newCrowd(one.gate)
	for _, c := range crowds {
		for id, counted := range c.tally {
			sum := both.tally[id]
			if sum == nil {
				sum = &tally{}
				both.tally[id] = sum
			}
			sum.allowed += counted.allowed
			sum.denied += counted.denied
		}
	}
	wantSums(t, both, made, one.db)
	wantIntegrity(t, one.db)
}

// revokeAcross makes a key at one gate, uses it at both, and revokes it at the
// first. It returns how much later the other one refuses.
func revokeAcross(t *testing.T, here, there *office, staleness time.Duration) time.Duration {
	t.Helper()
	k, _, err := here.create("a key")
	if err != nil {
		t.Fatal(err)
	}
	wantOK(t, here.get("/", k.bearer())) // at once
	eventually(t, staleness, "the other gate knows the key", func() bool { return there.get("/", k.bearer()).status == http.StatusOK })
	if _, err := here.revoke(k.ID); err != nil {
		t.Fatal(err)
	}
	revoked := time.Now()
	if got := here.get("/", k.bearer()); got.code() != "revoked_key" {
		t.Errorf("where it was revoked, the key is answered %v", got)
	}
	if !becomes(2*staleness, func() bool { return there.get("/", k.bearer()).code() == "revoked_key" }) {
		t.Error("the other gate never refuses the key")
	}
	return time.Since(revoked)
}
