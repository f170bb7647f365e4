package storage_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
	"github.com/keystile/keystile/internal/storage/sqlite"
)

const secret = "the secret of a client"

// counting is a store that counts what it is asked, and lets a test come
// between a question and its answer.
type counting struct {
	storage.Store
	lookups, views int
	before         func()
}

func (c *counting) Lookup(ctx context.Context, digests []keys.Digest) (storage.Lookup, error) {
	c.lookups++
	if c.before != nil {
		c.before()
	}
	return c.Store.Lookup(ctx, digests)
}

func (c *counting) View(ctx context.Context, fn func(storage.Reader) error) error {
	c.views++
	return c.Store.View(ctx, fn)
}

func setup(t *testing.T) *counting {
	t.Helper()
	store, err := sqlite.Open(filepath.Join(t.TempDir(), "keys.db"))
	must(t, err)
	t.Cleanup(func() { must(t, store.Close()) })
	must(t, store.Migrate(t.Context()))
	return &counting{Store: store}
}

// scheme is the foreign system number n.
func scheme(n int) keys.Scheme {
	return keys.Scheme{ID: keys.NewSchemeID(), Algorithm: keys.HMACSHA256, Key: keys.NewSecret(fmt.Sprint("system ", n))}
}

func (c *counting) insertScheme(t *testing.T, s keys.Scheme) {
	t.Helper()
	_, err := c.Update(t.Context(), func(tx storage.Tx) error { return tx.InsertScheme(t.Context(), s) })
	must(t, err)
}

// insertKey stores the secret's key as the foreign system number n digests it.
func (c *counting) insertKey(t *testing.T, n int) {
	t.Helper()
	mac := hmac.New(sha256.New, fmt.Append(nil, "system ", n))
	mac.Write([]byte(secret))
	key := &keys.Key{
		ID: "key_a", Digest: keys.Digest(mac.Sum(nil)), Name: "a key", Status: keys.Active, Environment: keys.Live,
		Workspace: storage.DefaultWorkspace, CreatedAt: time.Unix(0, 0), Lineage: "key_a",
	}
	_, err := c.Update(t.Context(), func(tx storage.Tx) error { return tx.InsertKey(t.Context(), key) })
	must(t, err)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestFindingCostsOneLookUpOnceTheSchemesAreKnown(t *testing.T) {
	t.Parallel()
	store := setup(t)
	finder := storage.NewFinder(store, keys.NewHasher(nil))
	for _, tt := range []struct {
		schemes, lookups, views int
	}{{0, 1, 0}, {0, 1, 0}, {1, 2, 1}, {0, 1, 0}, {2, 2, 1}, {0, 1, 0}} {
		for range tt.schemes {
			store.insertScheme(t, keys.Scheme{ID: keys.NewSchemeID(), Algorithm: keys.HMACSHA256, Key: keys.NewSecret(keys.NewSchemeID())})
		}
		store.lookups, store.views = 0, 0
		got, _, err := finder.Find(t.Context(), secret)
		must(t, err)
		if store.lookups != tt.lookups || store.views != tt.views || got.Key != nil {
			t.Errorf("after %d more schemes: %d look-ups and %d reads, want %d and %d", tt.schemes, store.lookups, store.views, tt.lookups, tt.views)
		}
	}
}

// Absent means: under every digest that the snapshot knew of.
func TestKeyOfASchemeThatComesBetweenIsFound(t *testing.T) {
	t.Parallel()
	store := setup(t)
	finder := storage.NewFinder(store, keys.NewHasher(nil))
	store.before = func() {
		store.before = nil
		store.insertScheme(t, scheme(1))
		store.insertKey(t, 1)
	}
	got, digests, err := finder.Find(t.Context(), secret)
	must(t, err)
	if got.Key == nil || got.Key.ID != "key_a" || len(digests) != 2 {
		t.Errorf("found %v under %d digests", got.Key, len(digests))
	}
}

func TestAnswerThatNeverSettlesIsNone(t *testing.T) {
	t.Parallel()
	store := setup(t)
	finder, n := storage.NewFinder(store, keys.NewHasher(nil)), 0
	store.before = func() { n++; store.insertScheme(t, scheme(n)) }
	if got, _, err := finder.Find(t.Context(), secret); err == nil || errors.Is(err, storage.ErrNotFound) {
		t.Errorf("got %v, %v", got, err)
	}
}
