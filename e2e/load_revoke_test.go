package e2e

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

func TestRevokedKeyIsRefusedWithinHalfASecondEachTimeUnderLoad(t *testing.T) {
	const lanes, times, clients, perSecond = 2, 50, 8, 300
	g := setup(t, options{before: quiet})
	g.upstream.forget()
	made, revoked := g.plant(lanes*times, nil), make([]revocation, lanes*times)
	// The gate looks for changes at intervals; where in one of them a command
	// falls is left to chance.
	chance, waits := seeded(t), make([]time.Duration, lanes*times)
	for i := range waits {
		waits[i] = time.Duration(chance.Int64N(int64(2 * followWithin / 5)))
	}
	c := newCrowd(g)
	halt := c.keepCalling(chance, g.plant(20, nil), clients, perSecond)
	var revoking sync.WaitGroup
	for lane := range lanes {
		revoking.Go(func() {
			for i := lane * times; i < (lane+1)*times; i++ {
				revoked[i] = g.revokeBeside(made[i], waits[i])
			}
		})
	}
	revoking.Wait()
	halt()
	c.healthy(t)

	var fromCommit, fromExit []time.Duration
	for _, r := range revoked {
		fromCommit = append(fromCommit, r.refused.Sub(r.committed)-r.stood)
		fromExit = append(fromExit, max(0, r.refused.Sub(r.exited)))
	}
	logDelays(t, "from its commit", fromCommit)
	logDelays(t, "from the command's end", fromExit)
	if late := slices.Max(fromCommit); late > followWithin {
		t.Errorf("a key was refused only %v after it was revoked, want %v at most", late, followWithin)
	}
}

func logDelays(t testing.TB, what string, delays []time.Duration) {
	t.Helper()
	sorted := slices.Sorted(slices.Values(delays))
	t.Logf("refused %s: median %v, 99 of 100 within %v, at most %v", what,
		sorted[len(sorted)/2].Round(time.Millisecond), sorted[len(sorted)*99/100-1].Round(time.Millisecond), sorted[len(sorted)-1].Round(time.Millisecond))
}

// revocation is what came when.
type revocation struct {
	committed time.Time     // or up to some milliseconds earlier
	exited    time.Time     // of the command
	refused   time.Time     // when the first refusal came
	stood     time.Duration // the longest from one answer to the next: nothing was let in then
}

// revokeBeside calls the gate with a key all the time, while a command revokes
// it after a wait.
func (g *gate) revokeBeside(k key, wait time.Duration) (r revocation) {
	caller := caller{crowd: newCrowd(g)}
	defer caller.hangUp()
	ask := g.request(http.MethodGet, "/", k.bearer())
	call := func() (refused bool) {
		got, err := caller.exchange(ask)
		now := time.Now()
		r.stood, r.refused = max(r.stood, now.Sub(r.refused)), now
		if err != nil || got.status != http.StatusOK && got.code() != "revoked_key" {
			g.t.Errorf("a key that is being revoked is answered %v, %v", got, err)
			return true
		}
		return got.code() == "revoked_key"
	}
	becomes(wait, call)
	r.committed, r.stood = time.Now(), 0 // at the earliest
	var watching sync.WaitGroup
	watching.Go(func() {
		if done := g.cli("keys", "revoke", k.ID); done.status != 0 {
			g.t.Errorf("revoke: exit status %d: %s", done.status, done.err)
		}
		r.exited = time.Now()
	})
	watching.Go(func() { g.watchStatus(k, keys.Revoked, &r.committed) })
	if !becomes(commandWithin, call) {
		g.t.Errorf("a revoked key is not refused within %v", commandWithin)
	}
	first, stood := r.refused, r.stood
	watching.Wait()
	if !call() {
		g.t.Errorf("a key was refused, and then not")
	}
	r.refused, r.stood = first, stood
	return r
}

// watchStatus waits until the store shows a key's status, and sets before to
// the time when it was last seen to be another.
func (g *gate) watchStatus(k key, status keys.Status, before *time.Time) {
	store, err := openStore(g.db)
	if err != nil {
		g.t.Error(err)
		return
	}
	defer store.Close()
	ctx := context.Background()
	shown := func() bool {
		began := time.Now()
		var seen keys.Status
		err := store.View(ctx, func(r storage.Reader) error {
			record, err := r.Key(ctx, keys.ID(k.ID))
			if err == nil {
				seen = record.Status
			}
			return err
		})
		if err != nil {
			g.t.Error(err)
		}
		if err != nil || seen == status {
			return true
		}
		*before = began
		return false
	}
	if !becomes(commandWithin, shown) {
		g.t.Errorf("%s is not %s within %v", k.ID, status, commandWithin)
	}
}
