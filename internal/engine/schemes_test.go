package engine

import (
	"crypto/sha512"
	"testing"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

// importKey stores a key as another system digested its secret, and before it
// the scheme, in a transaction of its own.
func (f *fixture) importKey(through storage.Store, secret string) {
	f.t.Helper()
	f.update(through, func(tx storage.Tx) error {
		return tx.InsertScheme(f.t.Context(), keys.Scheme{ID: keys.NewSchemeID(), Algorithm: keys.SHA512})
	})
	f.key(through, func(k *keys.Key) {
		sum := sha512.Sum512([]byte(secret))
		k.Digest = keys.SHA512.Stored(sum[:])
	})
}

// For keys whose digests nobody looked for before.
func TestRACE06KeyThatWasUnknownWorksOnceItIsImported(t *testing.T) {
	t.Parallel()
	f := setup(t)
	secret := f.format.Mint(keys.Live).Reveal()
	if got := f.status(secret); got != "" {
		t.Fatalf("unknown key: %q", got)
	}
	f.importKey(f.Store(), secret)
	if got := f.status(secret); got != keys.Active {
		t.Fatalf("imported in this process: %q", got)
	}
}

func TestKeyThatAnotherProcessImportedWorksWithTheNextPoll(t *testing.T) {
	t.Parallel()
	f := setup(t)
	secret := f.format.Mint(keys.Live).Reveal()
	if got := f.status(secret); got != "" {
		t.Fatalf("unknown key: %q", got)
	}
	f.importKey(f.other, secret)
	f.follower.poll(t.Context())
	if got := f.status(secret); got != keys.Active {
		t.Fatalf("imported by another process: %q", got)
	}
}

// A new scheme makes nobody forget the keys that are known.
func TestImportLeavesKnownKeysInMemory(t *testing.T) {
	t.Parallel()
	f := setup(t)
	_, secret := f.key(f.Store(), nil)
	f.status(secret)
	f.importKey(f.Store(), f.format.Mint(keys.Live).Reveal())
	before := f.Stats().StoreReads.Load()
	if got := f.status(secret); got != keys.Active {
		t.Fatalf("known key: %q", got)
	}
	if n := f.Stats().StoreReads.Load() - before; n != 0 {
		t.Errorf("%d reads of the store for a key that is known", n)
	}
}

func TestUnknownKeyIsRememberedAgainAfterAnImport(t *testing.T) {
	t.Parallel()
	f := setup(t)
	secret := f.format.Mint(keys.Live).Reveal()
	f.importKey(f.Store(), f.format.Mint(keys.Live).Reveal())
	f.status(secret)
	before := f.Stats().StoreReads.Load()
	f.status(secret)
	if n := f.Stats().StoreReads.Load() - before; n != 0 {
		t.Errorf("%d reads of the store for a key that is known to be nobody's", n)
	}
}
