package storagetest

import (
	"context"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

var keyGuarantees = []guarantee{
	{"KeyComesBackAsItWasStored", keyComesBack},
	{"ZeroTimesAndEmptyListsStaySo", zeroesStay},
	{"UpdatedKeyIsSeenEverywhere", updatedKey},
	{"KeyThatCouldNotBeReadBackIsNotStored", unreadableKey},
	{"MissingRowsAreNotFound", missingRows},
	{"TakenNamesAreRefusedAndTheRestGoesOn", takenNames},
}

func keyComesBack(t *testing.T, f *fixture) {
	east := time.FixedZone("east", 3*60*60)
	key := newKey("key_full", func(k *keys.Key) {
		k.Name, k.Description, k.Hint = "Ünïcode 🔑", "a 'quoted' \"text\"\nof two lines", "ks_live_abc…wxyz"
		k.Status, k.Kind, k.Environment = keys.Inactive, keys.CI, keys.Test
		k.Scopes, k.AllowedIPs = []string{"write:b", "read:a"}, []string{"10.0.0.0/8", "2001:db8::1"}
		k.Metadata = map[string]string{"team": "blue", "": "empty name", "html": "<&>"}
		k.Project, k.Owner, k.CreatedBy, k.Profile, k.Plan = "p1", "ann", "tok_1", "strict", "pro"
		k.CreatedAt = noon.Add(123456 * time.Microsecond).In(east)
		k.ExpiresAt = noon.Add(time.Hour + time.Microsecond + 999*time.Nanosecond).In(east)
		k.Replaces, k.ReplacedBy, k.Lineage = "key_0", "key_2", "key_0"
		k.Pepper = "0123456789abcdef"
	})
	f.insert(t, key)
	want := *key
	want.CreatedAt = noon.Add(123456 * time.Microsecond)
	want.ExpiresAt = noon.Add(time.Hour + time.Microsecond)
	got := read(t, f.store, getKey(key.ID))
	wantEqual(t, "key", got, &want)
	if got.CreatedAt.Location() != time.UTC || got.ExpiresAt.Location() != time.UTC {
		t.Errorf("got times in %v and %v, want UTC", got.CreatedAt.Location(), got.ExpiresAt.Location())
	}
	found, err := f.store.Lookup(t.Context(), []keys.Digest{key.Digest})
	must(t, err)
	wantEqual(t, "looked up", found.Key, &want)
}

func zeroesStay(t *testing.T, f *fixture) {
	f.insert(t, newKey("key_a", func(k *keys.Key) {
		k.CreatedAt, k.Scopes, k.AllowedIPs, k.Metadata = time.Time{}, []string{}, []string{}, map[string]string{}
	}))
	key := read(t, f.store, getKey("key_a"))
	if !key.CreatedAt.IsZero() || !key.ExpiresAt.IsZero() {
		t.Errorf("got times %v and %v, want none", key.CreatedAt, key.ExpiresAt)
	}
	if key.Scopes != nil || key.AllowedIPs != nil || key.Metadata != nil {
		t.Errorf("got %v, %v and %v, want none", key.Scopes, key.AllowedIPs, key.Metadata)
	}
}

func updatedKey(t *testing.T, f *fixture) {
	key := newKey("key_a", func(k *keys.Key) { k.Scopes = []string{"a", "b"} })
	f.insert(t, key, newKey("key_b"))
	old := key.Digest
	key.Status, key.Scopes, key.Name, key.Digest = keys.Revoked, []string{"a"}, "Renamed", digestOf("another")
	f.update(t, func(ctx context.Context, tx storage.Tx) error { return tx.UpdateKey(ctx, key) })

	wantEqual(t, "key", read(t, f.store, getKey("key_a")), key)
	found, err := f.store.Lookup(t.Context(), []keys.Digest{key.Digest})
	must(t, err)
	wantEqual(t, "looked up", found.Key, key)
	found, err = f.store.Lookup(t.Context(), []keys.Digest{old})
	must(t, err)
	wantEqual(t, "under the old digest", found.Key, nil)
	wantEqual(t, "found by the new name", list(t, f, storage.KeyFilter{Query: "renamed"}), []keys.ID{"key_a"})
	wantEqual(t, "the other one", read(t, f.store, getKey("key_b")), newKey("key_b"))
}

func unreadableKey(t *testing.T, f *fixture) {
	broken := map[string]func(*keys.Key){
		"no ID":            func(k *keys.Key) { k.ID = "" },
		"no workspace":     func(k *keys.Key) { k.Workspace = "" },
		"no status":        func(k *keys.Key) { k.Status = "" },
		"a derived status": func(k *keys.Key) { k.Status = keys.Expired },
		"no environment":   func(k *keys.Key) { k.Environment = "" },
	}
	good := newKey("key_good")
	f.insert(t, good)
	for what, spoil := range broken {
		_, err := f.store.Update(t.Context(), func(tx storage.Tx) error { return tx.InsertKey(t.Context(), newKey("key_a", spoil)) })
		wantUnknown(t, "insert a key with "+what, err)
		_, err = f.store.Update(t.Context(), func(tx storage.Tx) error { return tx.UpdateKey(t.Context(), newKey("key_good", spoil)) })
		wantUnknown(t, "update a key to "+what, err)
	}
	wantEqual(t, "keys", list(t, f, storage.KeyFilter{}), []keys.ID{"key_good"})
	wantEqual(t, "key", read(t, f.store, getKey("key_good")), good)
}

func missingRows(t *testing.T, f *fixture) {
	ctx := t.Context()
	_, err := f.store.Update(ctx, func(tx storage.Tx) error {
		_, err := tx.Key(ctx, "key_none")
		wantErr(t, "key", err, storage.ErrNotFound)
		_, err = tx.Workspace(ctx, "none")
		wantErr(t, "workspace", err, storage.ErrNotFound)
		_, err = tx.Project(ctx, storage.DefaultWorkspace, "none")
		wantErr(t, "project", err, storage.ErrNotFound)
		_, err = tx.TokenByDigest(ctx, digestOf("none"))
		wantErr(t, "token", err, storage.ErrNotFound)
		_, err = tx.Profile(ctx, storage.DefaultWorkspace, "none")
		wantErr(t, "profile", err, storage.ErrNotFound)
		_, err = tx.UsageOwner(ctx, "key_none")
		wantErr(t, "owner of usage", err, storage.ErrNotFound)
		wantErr(t, "update key", tx.UpdateKey(ctx, newKey("key_none")), storage.ErrNotFound)
		wantErr(t, "delete key", tx.DeleteKey(ctx, "key_none"), storage.ErrNotFound)
		wantErr(t, "update workspace", tx.UpdateWorkspace(ctx, storage.Workspace{Name: "none"}), storage.ErrNotFound)
		wantErr(t, "delete project", tx.DeleteProject(ctx, storage.DefaultWorkspace, "none"), storage.ErrNotFound)
		wantErr(t, "delete profile", tx.DeleteProfile(ctx, storage.DefaultWorkspace, "none"), storage.ErrNotFound)
		wantErr(t, "delete token", tx.DeleteToken(ctx, "", "tok_none"), storage.ErrNotFound)
		return nil
	})
	must(t, err)
	wantEqual(t, "head", f.head(t), storage.Position{})
}

func takenNames(t *testing.T, f *fixture) {
	token := &keys.Token{ID: "tok_a", Digest: digestOf("tok_a"), CreatedAt: noon}
	workspace, project := storage.Workspace{Name: "acme", CreatedAt: noon}, storage.Project{Name: "p1", Workspace: "acme", CreatedAt: noon}
	f.insert(t, newKey("key_a"), newKey("key_b"))
	f.update(t, func(ctx context.Context, tx storage.Tx) error {
		must(t, tx.InsertWorkspace(ctx, workspace))
		must(t, tx.InsertProject(ctx, project))
		must(t, tx.AppendAudit(ctx, storage.AuditEntry{ID: "entry", Time: noon}))
		return tx.InsertToken(ctx, token)
	})
	sameDigest := newKey("key_c", func(k *keys.Key) { k.Digest = digestOf("key_a") })
	f.update(t, func(ctx context.Context, tx storage.Tx) error {
		wantErr(t, "key ID", tx.InsertKey(ctx, newKey("key_a", func(k *keys.Key) { k.Digest = digestOf("new") })), storage.ErrExists)
		wantErr(t, "key digest", tx.InsertKey(ctx, sameDigest), storage.ErrExists)
		wantErr(t, "updated digest", tx.UpdateKey(ctx, newKey("key_b", func(k *keys.Key) { k.Digest = digestOf("key_a") })), storage.ErrExists)
		wantErr(t, "workspace", tx.InsertWorkspace(ctx, workspace), storage.ErrExists)
		wantErr(t, "project", tx.InsertProject(ctx, project), storage.ErrExists)
		wantErr(t, "token ID", tx.InsertToken(ctx, &keys.Token{ID: "tok_a", Digest: digestOf("new")}), storage.ErrExists)
		wantErr(t, "token digest", tx.InsertToken(ctx, &keys.Token{ID: "tok_b", Digest: token.Digest}), storage.ErrExists)
		return tx.InsertKey(ctx, newKey("key_d"))
	})
	wantEqual(t, "keys", list(t, f, storage.KeyFilter{}), []keys.ID{"key_a", "key_b", "key_d"})
	last := f.changes(t, storage.Position{}, 100)
	wantEqual(t, "last change", last[len(last)-1].Name, "key_d")
	wantEqual(t, "changes", len(last), 6)
	_, err := f.store.Update(t.Context(), func(tx storage.Tx) error {
		must(t, tx.InsertKey(t.Context(), newKey("key_e")))
		return tx.AppendAudit(t.Context(), storage.AuditEntry{ID: "entry", Time: noon})
	})
	wantErr(t, "audit ID", err, storage.ErrExists)
	wantEqual(t, "keys", list(t, f, storage.KeyFilter{}), []keys.ID{"key_a", "key_b", "key_d"})
}
