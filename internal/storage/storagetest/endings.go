package storagetest

import (
	"context"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

var endingGuarantees = []guarantee{
	{"DeletedKeyIsGoneAndItsDigestIsFree", deletedKey},
	{"DeletedKeyIsLoggedWithItsDigest", deletionLogged},
	{"DeletedKeysUsageStaysAndCountsOn", deletedUsage},
	{"DeletedKeyLeavesItsNeighboursAlone", deletedNeighbours},
	{"WorkspaceChangesItsPlanAlone", updatedWorkspace},
	{"DeletedProjectsNameIsFreeForAnyWorkspace", deletedProject},
	{"ProjectIsInUseByKeysThatHaveNotEnded", projectInUse},
}

// delete deletes a key in a transaction of its own.
func (f *fixture) delete(t *testing.T, id keys.ID) storage.Revision {
	t.Helper()
	return f.update(t, func(ctx context.Context, tx storage.Tx) error { return tx.DeleteKey(ctx, id) })
}

func deletedKey(t *testing.T, f *fixture) {
	key := newKey("key_a")
	f.insert(t, key, newKey("key_b"))
	f.delete(t, key.ID)
	must(t, f.store.View(t.Context(), func(r storage.Reader) error {
		_, err := r.Key(t.Context(), key.ID)
		wantErr(t, "by its ID", err, storage.ErrNotFound)
		_, err = r.KeyByDigest(t.Context(), []keys.Digest{key.Digest})
		wantErr(t, "by its digest", err, storage.ErrNotFound)
		return nil
	}))
	found, err := f.store.Lookup(t.Context(), []keys.Digest{key.Digest})
	must(t, err)
	wantEqual(t, "looked up", found.Key, nil)
	wantEqual(t, "keys", list(t, f, storage.KeyFilter{}), []keys.ID{"key_b"})
	wantCount(t, f, storage.DefaultWorkspace, 1)
	f.insert(t, newKey("key_c", func(k *keys.Key) { k.Digest = key.Digest }))
}

func deletionLogged(t *testing.T, f *fixture) {
	f.insert(t, newKey("key_a"))
	before := f.head(t)
	var announced []storage.Change
	f.store.OnCommit(func(changes []storage.Change) { announced = changes })
	revision := f.delete(t, "key_a")
	logged := f.changes(t, before, 100)
	wantEqual(t, "announced", announced, logged)
	wantEqual(t, "changes", len(logged), 1)
	logged[0].ID = ""
	wantEqual(t, "change", logged[0], storage.Change{
		Position: storage.Position{Revision: revision}, Subject: storage.SubjectKey, Name: "key_a", Digests: []keys.Digest{digestOf("key_a")},
	})
}

// deletedUsage has a call counted before the deletion, and one after.
func deletedUsage(t *testing.T, f *fixture) {
	f.insert(t, newKey("key_a", func(k *keys.Key) { k.Workspace, k.Project = "acme", "p1" }))
	f.apply(t, batch(1, cell("key_a")))
	f.delete(t, "key_a")
	f.apply(t, batch(2, cell("key_a")))
	wantEqual(t, "cell", cells(t, f, "key_a")[0].Count, 2)
	wantEqual(t, "calls", totals(t, f, "key_a")["key_a"].Calls, 2)
	wantEqual(t, "cost to its lineage", cost(t, f, storage.UsageOf{Lineage: "key_a"}, noon), 2)
	wantEqual(t, "cost to its workspace", cost(t, f, storage.UsageOf{Workspace: "acme", Environment: keys.Live}, noon), 2)
	f.insert(t, newKey("key_b"))
	for id, want := range map[keys.ID]storage.UsageOwner{
		"key_a": {Workspace: "acme", Project: "p1"}, "key_b": {Workspace: storage.DefaultWorkspace},
	} {
		got := read(t, f.store, func(ctx context.Context, r storage.Reader) (storage.UsageOwner, error) { return r.UsageOwner(ctx, id) })
		wantEqual(t, "owner of the usage of "+string(id), got, want)
	}
}

func deletedNeighbours(t *testing.T, f *fixture) {
	older := newKey("key_1", func(k *keys.Key) { k.ReplacedBy = "key_2" })
	newer := newKey("key_3", func(k *keys.Key) { k.Replaces, k.Lineage = "key_2", "key_1" })
	f.insert(t, older, newKey("key_2", func(k *keys.Key) { k.Replaces, k.ReplacedBy, k.Lineage = "key_1", "key_3", "key_1" }), newer)
	f.delete(t, "key_2")
	wantEqual(t, "the older one", read(t, f.store, getKey("key_1")), older)
	wantEqual(t, "the newer one", read(t, f.store, getKey("key_3")), newer)
	wantCount(t, f, storage.DefaultWorkspace, 2)
}

func updatedWorkspace(t *testing.T, f *fixture) {
	acme := storage.Workspace{Name: "acme", Plan: "pro", CreatedAt: noon}
	f.update(t, func(ctx context.Context, tx storage.Tx) error { return tx.InsertWorkspace(ctx, acme) })
	before := f.head(t)
	f.update(t, func(ctx context.Context, tx storage.Tx) error {
		return tx.UpdateWorkspace(ctx, storage.Workspace{Name: "acme", Plan: "free", CreatedAt: noon.Add(time.Hour)})
	})
	acme.Plan = "free"
	got := read(t, f.store, func(ctx context.Context, r storage.Reader) (storage.Workspace, error) {
		return r.Workspace(ctx, "acme")
	})
	wantEqual(t, "workspace", got, acme)
	logged := f.changes(t, before, 100)
	wantEqual(t, "changes", len(logged), 1)
	wantEqual(t, "change", [2]string{string(logged[0].Subject), logged[0].Name}, [2]string{"workspace", "acme"})
}

func deletedProject(t *testing.T, f *fixture) {
	insert := func(workspace string) storage.Revision {
		return f.update(t, func(ctx context.Context, tx storage.Tx) error {
			return tx.InsertProject(ctx, storage.Project{Name: "p1", Workspace: workspace, CreatedAt: noon})
		})
	}
	insert("acme")
	before := f.head(t)
	f.update(t, func(ctx context.Context, tx storage.Tx) error {
		wantErr(t, "from another workspace", tx.DeleteProject(ctx, "other", "p1"), storage.ErrNotFound)
		return tx.DeleteProject(ctx, "acme", "p1")
	})
	logged := f.changes(t, before, 100)
	wantEqual(t, "changes", len(logged), 1)
	wantEqual(t, "change", [2]string{string(logged[0].Subject), logged[0].Name}, [2]string{"project", "p1"})
	all, err := f.store.Catalogue(t.Context())
	must(t, err)
	wantEqual(t, "projects", len(all.Projects), 0)
	insert("other")
}

func projectInUse(t *testing.T, f *fixture) {
	in := func(project string, adjust ...func(*keys.Key)) *keys.Key {
		return newKey(keys.ID("key_"+project), append(adjust, func(k *keys.Key) { k.Project = project })...)
	}
	f.insert(t, newKey("key_of_none"),
		in("active"), in("inactive", func(k *keys.Key) { k.Status = keys.Inactive }),
		in("ends", func(k *keys.Key) { k.ExpiresAt = noon.Add(time.Microsecond) }),
		in("ended", func(k *keys.Key) { k.ExpiresAt = noon }),
		in("revoked", func(k *keys.Key) { k.Status = keys.Revoked }),
		in("elsewhere", func(k *keys.Key) { k.Workspace = "acme" }),
	)
	for project, want := range map[string]bool{
		"active": true, "inactive": true, "ends": true, "ended": false, "revoked": false, "elsewhere": false, "none": false, "": false,
	} {
		got := read(t, f.store, func(ctx context.Context, r storage.Reader) (bool, error) {
			return r.ProjectInUse(ctx, storage.DefaultWorkspace, project, noon)
		})
		wantEqual(t, "use of project "+project, got, want)
	}
}
