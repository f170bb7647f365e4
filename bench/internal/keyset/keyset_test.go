package keyset

import (
	"os"
	"slices"
	"testing"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage/sqlite"
)

func get(t *testing.T, folder string) *Set {
	t.Helper()
	s, err := Get(t.Context(), folder, 10)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestStoreHasTheKnownKeysAndNoneOfTheOthers(t *testing.T) {
	t.Parallel()
	s := get(t, t.TempDir())
	store, err := sqlite.Open(s.Store, sqlite.MustExist())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	for _, half := range []struct {
		secrets []string
		stored  bool
	}{{s.Known, true}, {s.Unknown, false}} {
		if len(half.secrets) != 10 {
			t.Errorf("%d keys, want 10", len(half.secrets))
		}
		for _, secret := range half.secrets {
			got, err := store.Lookup(t.Context(), []keys.Digest{keys.FingerprintOf(secret)})
			if err != nil || (got.Key != nil) != half.stored || got.Key != nil && !got.Key.Holds(Scope) {
				t.Errorf("%s: got %v (%v)", secret, got.Key, err)
			}
			if env, err := s.format.Check(secret); err != nil || env != keys.Live {
				t.Errorf("%s isn't well-formed: %v", secret, err)
			}
		}
	}
}

func TestKeysAreKeptBetweenRunsAndMadeAnewWhereTheyAreDamaged(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	first, second := get(t, folder), get(t, folder)
	if !slices.Equal(first.Known, second.Known) || !slices.Equal(first.Unknown, second.Unknown) {
		t.Error("another run has other keys")
	}
	if err := os.Truncate(first.File, 50); err != nil {
		t.Fatal(err)
	}
	if third := get(t, folder); slices.Equal(first.Known, third.Known) {
		t.Error("keys that were cut off are taken")
	}
	if err := os.Remove(first.Store); err != nil {
		t.Fatal(err)
	}
	if fourth := get(t, folder); slices.Equal(first.Known, fourth.Known) {
		t.Error("keys are taken that no store has")
	}
}
