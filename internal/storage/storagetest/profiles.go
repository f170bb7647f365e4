package storagetest

import (
	"context"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

var profileGuarantees = []guarantee{
	{"ProfilesAreListedByWorkspaceAndName", profilesListed},
	{"ProfileIsDeletedOnlyFromItsWorkspace", profileDeleted},
	{"ProfileIsInUseByEveryKeyThatBearsIt", profileInUse},
	{"ProfilesMoveNoRevision", profilesMoveNothing},
}

func newProfile(workspace, name string) storage.Profile {
	return storage.Profile{Name: name, Workspace: workspace, CreatedAt: noon.Add(time.Microsecond)}
}

func (f *fixture) insertProfiles(t *testing.T, all ...storage.Profile) {
	t.Helper()
	f.update(t, func(ctx context.Context, tx storage.Tx) error {
		for _, p := range all {
			must(t, tx.InsertProfile(ctx, p))
		}
		return nil
	})
}

func profiles(t *testing.T, f *fixture, workspace string) []storage.Profile {
	t.Helper()
	return read(t, f.store, func(ctx context.Context, r storage.Reader) ([]storage.Profile, error) {
		return r.Profiles(ctx, workspace)
	})
}

func profilesListed(t *testing.T, f *fixture) {
	strict, calm, theirs := newProfile("acme", "strict"), newProfile("acme", "calm, two words"), newProfile("other", "strict")
	f.insertProfiles(t, strict, theirs, calm)
	wantEqual(t, "profiles", profiles(t, f, "acme"), []storage.Profile{calm, strict})
	wantEqual(t, "of others", profiles(t, f, "other"), []storage.Profile{theirs})
	wantEqual(t, "of nobody", len(profiles(t, f, "none")), 0)
	must(t, f.store.View(t.Context(), func(r storage.Reader) error {
		got, err := r.Profile(t.Context(), "acme", "strict")
		must(t, err)
		wantEqual(t, "profile", got, strict)
		_, err = r.Profile(t.Context(), "other", "calm, two words")
		wantErr(t, "elsewhere", err, storage.ErrNotFound)
		return nil
	}))
	f.update(t, func(ctx context.Context, tx storage.Tx) error {
		wantErr(t, "the same again", tx.InsertProfile(ctx, strict), storage.ErrExists)
		return nil
	})
}

func profileDeleted(t *testing.T, f *fixture) {
	f.insertProfiles(t, newProfile("acme", "strict"), newProfile("other", "strict"))
	f.update(t, func(ctx context.Context, tx storage.Tx) error {
		wantErr(t, "of nobody", tx.DeleteProfile(ctx, "none", "strict"), storage.ErrNotFound)
		wantErr(t, "another name", tx.DeleteProfile(ctx, "acme", "calm"), storage.ErrNotFound)
		return tx.DeleteProfile(ctx, "acme", "strict")
	})
	wantEqual(t, "profiles", len(profiles(t, f, "acme")), 0)
	wantEqual(t, "of others", len(profiles(t, f, "other")), 1)
}

func profileInUse(t *testing.T, f *fixture) {
	f.insert(t, newKey("key_plain"), newKey("key_strict", func(k *keys.Key) { k.Profile = "strict" }),
		newKey("key_revoked", func(k *keys.Key) { k.Profile, k.Status, k.ExpiresAt = "ended", keys.Revoked, noon.Add(-time.Hour) }),
		newKey("key_elsewhere", func(k *keys.Key) { k.Profile, k.Workspace = "elsewhere", "acme" }))
	for name, want := range map[string]bool{"strict": true, "ended": true, "elsewhere": false, "none": false, "": false} {
		got := read(t, f.store, func(ctx context.Context, r storage.Reader) (bool, error) {
			return r.ProfileInUse(ctx, storage.DefaultWorkspace, name)
		})
		wantEqual(t, "use of profile "+name, got, want)
	}
}

func profilesMoveNothing(t *testing.T, f *fixture) {
	f.insert(t, newKey("key_a"))
	before := f.head(t)
	f.insertProfiles(t, newProfile("acme", "strict"))
	f.update(t, func(ctx context.Context, tx storage.Tx) error { return tx.DeleteProfile(ctx, "acme", "strict") })
	wantEqual(t, "head", f.head(t), before)
}
