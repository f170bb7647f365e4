package e2e

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

// storeIsReady reports whether the gate has brought its database up to date:
// it enters itself as a node behind that.
func (g *gate) storeIsReady() bool {
	if g.options.store != "" && !onServer(g.db) {
		return true // the test's own concern
	}
	store, err := openStore(g.db)
	if err != nil {
		g.t.Fatal(err)
	}
	var nodes []storage.Node
	ctx := context.Background()
	err = store.View(ctx, func(r storage.Reader) (err error) {
		nodes, err = r.Nodes(ctx)
		return err
	})
	return errors.Join(err, store.Close()) == nil && len(nodes) > 0
}

// update changes the gate's store as another process does, for what no command
// can do yet.
func (g *gate) update(change func(context.Context, storage.Tx) error) {
	g.t.Helper()
	ctx := context.Background()
	store, err := openStore(g.db)
	if err != nil {
		g.t.Fatal(err)
	}
	defer func() {
		if err := store.Close(); err != nil {
			g.t.Error(err)
		}
	}()
	if _, err := store.Update(ctx, func(tx storage.Tx) error { return change(ctx, tx) }); err != nil {
		g.t.Fatalf("change the store from outside: %v", err)
	}
}

// edit changes one key in the store.
func (g *gate) edit(id string, change func(*keys.Key)) {
	g.t.Helper()
	g.update(func(ctx context.Context, tx storage.Tx) error {
		k, err := tx.Key(ctx, keys.ID(id))
		if err != nil {
			return err
		}
		change(k)
		return tx.UpdateKey(ctx, k)
	})
}

// plant puts n keys into the store in one transaction, for tests that need
// more than commands can make in time. They are live keys of the default
// workspace without a pepper, which fill (nil: nobody) may change before they
// are stored.
func (g *gate) plant(n int, fill func(i int, k *keys.Key)) []key {
	g.t.Helper()
	made := make([]key, n)
	g.update(func(ctx context.Context, tx storage.Tx) error {
		for i := range made {
			k := &keys.Key{Environment: keys.Live}
			if fill != nil {
				fill(i, k)
			}
			secret := mint(g.options.prefixes, k.Environment)
			made[i].Secret = secret
			complete(k, secret, i)
			made[i].ID = string(k.ID)
			if err := tx.InsertKey(ctx, k); err != nil {
				return err
			}
		}
		return nil
	})
	for _, k := range made {
		g.secret(k.Secret)
	}
	return made
}

// plantSecret puts a live key of a given secret into the store.
func (g *gate) plantSecret(secret string) {
	g.t.Helper()
	g.secret(secret)
	g.update(func(ctx context.Context, tx storage.Tx) error {
		k := &keys.Key{Environment: keys.Live}
		complete(k, secret, 0)
		return tx.InsertKey(ctx, k)
	})
}

// complete fills in what a stored key has in any case.
func complete(k *keys.Key, secret string, i int) {
	if k.ID == "" {
		k.ID = keys.NewID()
	}
	k.Digest = keys.FingerprintOf(secret)
	if k.Lineage == "" {
		k.Lineage = k.ID
	}
	k.CreatedAt = time.Now().UTC().Truncate(time.Microsecond)
	k.Hint, k.CreatedBy = "planted", "e2e"
	if k.Name == "" {
		k.Name = fmt.Sprintf("key %d", i)
	}
	if k.Status == "" {
		k.Status = keys.Active
	}
	if k.Kind == "" {
		k.Kind = keys.CI
	}
	if k.Workspace == "" {
		k.Workspace = storage.DefaultWorkspace
	}
}

// drawSecret is a well-formed secret with the default prefix; until it is
// stored, nobody has it.
func drawSecret(env keys.Environment) string { return mint(nil, env) }

// mint is drawSecret with prefixes of the test's own; nil: the default ones.
func mint(prefixes map[keys.Environment]string, env keys.Environment) string {
	if prefixes == nil {
		prefixes = map[keys.Environment]string{keys.Live: "ks_live_", keys.Test: "ks_test_"}
	}
	format, err := keys.NewFormat(prefixes, nil)
	if err != nil {
		panic(err) // the prefixes are constants
	}
	return format.Mint(env).Reveal()
}
