package e2e

import (
	"context"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/storage"
)

// importWithin is how long it may take until an import has stored something.
const importWithin = 60 * time.Second

// view looks at the gate's store as another process does. A store that isn't
// there yet is an error.
func (g *gate) view(look func(context.Context, storage.Reader) error) error {
	store, err := openStore(g.db)
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }() // only read
	ctx := context.Background()
	return store.View(ctx, func(r storage.Reader) error { return look(ctx, r) })
}

// stored is how many keys there are; 0 where there is no store yet.
func (g *gate) stored() (n int) {
	_ = g.view(func(ctx context.Context, r storage.Reader) (err error) {
		n, err = r.CountKeys(ctx, storage.DefaultWorkspace, time.Now())
		return err
	})
	return n
}

// wantStored checks that so many keys are there, each of them whole and with
// the one entry in the audit trail that it was imported.
func wantStored(t *testing.T, g *gate, want int) {
	t.Helper()
	const all = 1 << 20
	err := g.view(func(ctx context.Context, r storage.Reader) error {
		keys, err := r.Keys(ctx, storage.KeyFilter{Workspace: storage.DefaultWorkspace})
		if err != nil {
			return err
		}
		audited, err := r.Audit(ctx, storage.AuditFilter{Workspace: storage.DefaultWorkspace, Limit: all})
		if err != nil {
			return err
		}
		entries := map[string]int{}
		for _, e := range audited {
			if e.Action == "key.import" {
				entries[string(e.KeyID)]++
			}
		}
		names := map[string]bool{}
		for i := range keys {
			names[keys[i].Name] = true
			if entries[string(keys[i].ID)] != 1 || len(keys[i].Scopes) != 2 {
				t.Errorf("%s has %d entries and the scopes %v", keys[i].Name, entries[string(keys[i].ID)], keys[i].Scopes)
			}
		}
		if len(keys) != want || len(names) != want || len(entries) != want {
			t.Errorf("%d keys with %d names and %d entries, want %d", len(keys), len(names), len(entries), want)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
