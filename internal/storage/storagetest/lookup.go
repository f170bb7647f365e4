package storagetest

import (
	"context"
	"strconv"
	"testing"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

var lookupGuarantees = []guarantee{
	{"LookupFindsAKeyUnderAnyOfItsDigests", lookupCandidates},
	{"LookupTakesTheFirstDigestThatHasAKey", lookupPrefers},
	{"AbsentKeyIsAnAnswerWithARevision", lookupAbsent},
	{"LookupRevisionIsThatOfItsSnapshot", lookupSnapshot},
}

func lookupCandidates(t *testing.T, f *fixture) {
	f.insert(t, newKey("key_a"), newKey("key_b"))
	for _, candidates := range [][]keys.Digest{
		{digestOf("key_a")},
		{digestOf("new pepper"), digestOf("key_a")},
		{digestOf("new pepper"), digestOf("old pepper"), digestOf("key_a")},
	} {
		found, err := f.store.Lookup(t.Context(), candidates)
		must(t, err)
		wantEqual(t, "found", found, storage.Lookup{Key: newKey("key_a"), Revision: 1})
	}
}

func lookupPrefers(t *testing.T, f *fixture) {
	f.insert(t, newKey("key_a"), newKey("key_b"))
	for _, order := range [][2]string{{"key_a", "key_b"}, {"key_b", "key_a"}} {
		found, err := f.store.Lookup(t.Context(), []keys.Digest{digestOf("none"), digestOf(order[0]), digestOf(order[1])})
		must(t, err)
		wantEqual(t, "found", string(found.Key.ID), order[0])
	}
}

func lookupAbsent(t *testing.T, f *fixture) {
	found, err := f.store.Lookup(t.Context(), []keys.Digest{digestOf("none")})
	must(t, err)
	wantEqual(t, "in an empty store", found, storage.Lookup{})
	revision := f.insert(t, newKey("key_a"))
	for _, candidates := range [][]keys.Digest{nil, {digestOf("none")}, {digestOf("none"), digestOf("neither")}} {
		found, err := f.store.Lookup(t.Context(), candidates)
		must(t, err)
		wantEqual(t, "found", found, storage.Lookup{Revision: revision})
	}
}

// lookupSnapshot keeps a key that says which revision wrote it, while others
// read it.
func lookupSnapshot(t *testing.T, f *fixture) {
	const rounds = 60
	key := newKey("key_a", func(k *keys.Key) { k.Description = "1" })
	f.insert(t, key)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := 2; i <= rounds; i++ {
			key.Description = strconv.Itoa(i)
			if _, err := f.store.Update(t.Context(), func(tx storage.Tx) error { return tx.UpdateKey(t.Context(), key) }); err != nil {
				t.Error(err)
			}
		}
	}()
	atOnce(2, func(int) {
		for running(done) {
			found, err := f.store.Lookup(t.Context(), []keys.Digest{key.Digest})
			if err != nil || found.Key.Description != strconv.Itoa(int(found.Revision)) {
				t.Errorf("key of revision %v is said to be of %d (%v)", found.Key, found.Revision, err)
				return
			}
		}
	})
	<-done
	wantEqual(t, "last", read(t, f.store, getKey("key_a")).Description, strconv.Itoa(rounds))
}

func running(done <-chan struct{}) bool {
	select {
	case <-done:
		return false
	default:
		return true
	}
}

// list returns the IDs of the default workspace's keys that fit.
func list(t *testing.T, f *fixture, filter storage.KeyFilter) []keys.ID {
	t.Helper()
	if filter.Workspace == "" {
		filter.Workspace = storage.DefaultWorkspace
	}
	if filter.Now.IsZero() {
		filter.Now = noon
	}
	return idsOf(read(t, f.store, func(ctx context.Context, r storage.Reader) ([]keys.Key, error) { return r.Keys(ctx, filter) }))
}
