package e2e

import (
	"context"
	"math"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
	"github.com/keystile/keystile/internal/storage/sqlite"
)

func TestRevokedKeyIsRefusedWithinHalfASecondEachTimeUnderLoad(t *testing.T) {
	const times, clients, perSecond = 100, 8, 300
	g := setup(t, options{before: quiet})
	g.upstream.forget()
	others := g.plant(20, nil)
	chance := seeded(t)
	c, stop, ended := newCrowd(g), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		c.serve(clients, pacedUntil(stop, math.MaxInt, perSecond, func(int) order {
			return order{others[chance.IntN(len(others))], "/"}
		}))
	}()
	var fromCommit, fromExit []time.Duration
	for _, k := range g.plant(times, nil) {
		r := revokeBeside(t, g, k)
		fromCommit = append(fromCommit, r.refused.Sub(r.committed))
		fromExit = append(fromExit, max(0, r.refused.Sub(r.exited)))
	}
	close(stop)
	<-ended
	c.healthy(t)
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
	committed time.Time // or up to some milliseconds earlier
	exited    time.Time // of the command
	refused   time.Time // when the first refusal came
}

// revokeBeside calls the gate with a key without a pause while a command
// revokes it.
func revokeBeside(t *testing.T, g *gate, k key) revocation {
	t.Helper()
	c := g.connect()
	ask := g.request(http.MethodGet, "/", k.bearer())
	if got, err := c.exchange(ask); err != nil || got.status != http.StatusOK {
		t.Fatalf("before it is revoked, the key is answered %v, %v", got, err)
	}
	var r revocation
	commanded, watched := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(commanded)
		if done := g.cli("keys", "revoke", k.ID); done.status != 0 {
			t.Errorf("revoke: exit status %d: %s", done.status, done.err)
		}
		r.exited = time.Now()
	}()
	go func() {
		defer close(watched)
		r.committed = g.committed(k, keys.Revoked)
	}()
	eventually(t, commandWithin, "the key is refused", func() bool {
		got, err := c.exchange(ask)
		if err != nil || got.status != http.StatusOK && got.code() != "revoked_key" {
			t.Fatalf("while it is revoked, the key is answered %v, %v", got, err)
		}
		r.refused = time.Now()
		return got.code() == "revoked_key"
	})
	<-commanded
	<-watched
	if got, err := c.exchange(ask); err != nil || got.code() != "revoked_key" {
		t.Errorf("after it was refused, the key is answered %v, %v", got, err)
	}
	return r
}

// committed waits until the store shows a key's status, and returns when it was
// last seen to be another.
func (g *gate) committed(k key, status keys.Status) (before time.Time) {
	store, err := sqlite.Open(g.db, sqlite.MustExist())
	if err != nil {
		g.t.Error(err)
		return time.Time{}
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
		before = began
		return false
	}
	if !becomes(commandWithin, shown) {
		g.t.Errorf("%s is not %s within %v", k.ID, status, commandWithin)
	}
	return before
}
