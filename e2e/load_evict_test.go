package e2e

import (
	"context"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

// In each round all keys of a group are called once, so that between two calls
// of a key ten times as many others were called as memory holds.
func TestKeysThatAreForgottenKeepTheirBucketsAndTheirCounts(t *testing.T) {
	const group, rounds, clients = 1000, 12, 8
	const bucket, refill = 10, 6 * time.Second
	g := setup(t, options{
		app:    "cache_size 100\nrate_limit live 10/m\nusage {\n flush_interval 200ms\n}",
		before: quiet, behind: "respond ok",
	})
	groups := 10
	if onServer(g.db) {
		groups = 2 // each call is a round trip to each server
	}
	chance := seeded(t)
	made := g.plant(groups*group, nil)
	chance.Shuffle(len(made), func(i, j int) { made[i], made[j] = made[j], made[i] })
	c := newCrowd(g)
	var asked float64
	for n := range groups {
		some := made[n*group : (n+1)*group]
		before := g.counter(storeReads)
		for round := range rounds {
			if n == groups/2 && round == rounds/2 {
				g.rename(some)
				g.reload(g.caddyfile())
			}
			orders := make(chan order, group)
			for _, i := range chance.Perm(group) {
				orders <- order{some[i], "/"}
			}
			close(orders)
			c.serve(clients, orders)
		}
		asked += g.counter(storeReads) - before
	}
	if all := float64(groups * group * rounds); asked < all/2 {
		t.Errorf("of %v calls only %v asked the store: nothing was forgotten", all, asked)
	}

	c.healthy(t)
	full, wrong := 0, 0
	var longest time.Duration
	for _, k := range made {
		counted := c.tally[k.ID]
		span := counted.last.Sub(counted.first)
		longest = max(longest, span)
		if counted.allowed == bucket {
			full++
		}
		if most := bucket + int64(span/refill); counted.allowed > most || counted.allowed < bucket {
			if wrong++; wrong <= 3 {
				t.Errorf("%s: %d of %d calls allowed within %v, want %d to %d", k.ID, counted.allowed, rounds, span, bucket, most)
			}
		}
	}
	t.Logf("%d of %d keys got exactly %d of %d calls; no key's calls took longer than %v; %v reads of the store", full, len(made), bucket, rounds, longest, asked)
	if wrong > 0 {
		t.Errorf("%d of %d keys got more or less than 10/m allows", wrong, len(made))
	}
	g.stop()
	wantSums(t, c, made, g.db)
}

// rename edits keys from outside, in one transaction.
func (g *gate) rename(some []key) {
	g.t.Helper()
	g.update(func(ctx context.Context, tx storage.Tx) error {
		for _, one := range some {
			k, err := tx.Key(ctx, keys.ID(one.ID))
			if err != nil {
				return err
			}
			k.Name += " (edited)"
			if err := tx.UpdateKey(ctx, k); err != nil {
				return err
			}
		}
		return nil
	})
}
