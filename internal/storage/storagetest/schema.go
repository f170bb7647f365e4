package storagetest

import (
	"context"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/storage"
)

var schemaGuarantees = []guarantee{
	{"AStoreThatIsUpToDateMissesNothing", missesNothing},
	{"MigratingAgainChangesNothing", migratingAgain},
	{"NodesThatStartAtOnceFindOneSchema", migratingAtOnce},
	{"DefaultWorkspaceIsAlwaysThere", defaultWorkspace},
	{"ClosedStoreAnswersNothing", closedStore},
}

func migratingAgain(t *testing.T, f *fixture) {
	f.insert(t, newKey("key_a"))
	before := f.head(t)
	must(t, f.store.Migrate(t.Context()))
	must(t, f.place(t).Migrate(t.Context()))
	wantEqual(t, "head", f.head(t), before)
	read(t, f.store, getKey("key_a"))
}

func migratingAtOnce(t *testing.T, f *fixture) {
	fresh, nodes := f.newPlace(t), make([]storage.Store, 8)
	for i := range nodes {
		nodes[i] = fresh(t)
	}
	atOnce(len(nodes), func(i int) {
		if err := nodes[i].Migrate(t.Context()); err != nil {
			t.Error(err)
		}
	})
	defaultWorkspace(t, &fixture{store: nodes[0]})
}

func defaultWorkspace(t *testing.T, f *fixture) {
	all := read(t, f.store, func(ctx context.Context, r storage.Reader) ([]storage.Workspace, error) { return r.Workspaces(ctx) })
	if len(all) != 1 || all[0].Name != storage.DefaultWorkspace || all[0].Plan != "" || all[0].CreatedAt.IsZero() {
		t.Errorf("got workspaces %+v, want the default one alone", all)
	}
}

func closedStore(t *testing.T, f *fixture) {
	f.insert(t, newKey("key_a"))
	must(t, f.store.Close())
	must(t, f.store.Close())
	for what, call := range everyCall(f.store) {
		wantUnknown(t, what, call(t.Context()))
	}
}

func missesNothing(t *testing.T, f *fixture) {
	missing, err := f.store.Missing(t.Context())
	must(t, err)
	if missing != 0 {
		t.Errorf("%d migrations are missing", missing)
	}
	at, err := f.store.Clock(t.Context())
	must(t, err)
	if apart := time.Since(at).Abs(); !at.IsZero() && apart > time.Minute {
		t.Errorf("its clock is %v away, on this very machine", apart)
	}
}
