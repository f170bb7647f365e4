package storagetest

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

var countGuarantees = []guarantee{
	{"RevokedAndExpiredKeysDontCount", countLive},
	{"KeyAndItsReplacementCountOnce", countPairs},
	{"FiftyCreatesAtOnceNeverPassALimitOfTen", countLimit},
}

func wantCount(t *testing.T, f *fixture, workspace string, want int) {
	t.Helper()
	got := read(t, f.store, func(ctx context.Context, r storage.Reader) (int, error) { return r.CountKeys(ctx, workspace, noon) })
	wantEqual(t, "keys of "+workspace, got, want)
}

func countLive(t *testing.T, f *fixture) {
	f.insert(t,
		newKey("key_active"), newKey("key_inactive", func(k *keys.Key) { k.Status = keys.Inactive }),
		newKey("key_later", func(k *keys.Key) { k.ExpiresAt = noon.Add(time.Microsecond) }),
		newKey("key_ended", func(k *keys.Key) { k.ExpiresAt = noon }),
		newKey("key_revoked", func(k *keys.Key) { k.Status = keys.Revoked }),
		newKey("key_elsewhere", func(k *keys.Key) { k.Workspace = "acme" }),
	)
	wantCount(t, f, storage.DefaultWorkspace, 3)
	wantCount(t, f, "acme", 1)
	wantCount(t, f, "none", 0)
}

// countPairs rotates a key and looks at the pair while each of the two ends.
func countPairs(t *testing.T, f *fixture) {
	older := newKey("key_1", func(k *keys.Key) { k.ReplacedBy, k.ExpiresAt = "key_2", noon.Add(time.Hour) })
	newer := newKey("key_2", func(k *keys.Key) { k.Replaces, k.Lineage = "key_1", "key_1" })
	f.insert(t, older, newer, newKey("key_3"))
	wantCount(t, f, storage.DefaultWorkspace, 2)

	change := func(key *keys.Key, status keys.Status, expires time.Time) {
		changed := *key
		changed.Status, changed.ExpiresAt = status, expires
		f.update(t, func(ctx context.Context, tx storage.Tx) error { return tx.UpdateKey(ctx, &changed) })
	}
	change(newer, keys.Revoked, time.Time{})
	wantCount(t, f, storage.DefaultWorkspace, 2) // the older one is alive still
	change(newer, keys.Active, noon)
	wantCount(t, f, storage.DefaultWorkspace, 2)
	change(newer, keys.Active, time.Time{})
	change(older, keys.Active, noon)
	wantCount(t, f, storage.DefaultWorkspace, 2) // only the newer one is
	change(newer, keys.Revoked, time.Time{})
	wantCount(t, f, storage.DefaultWorkspace, 1)
}

// countLimit is MGMT-08, on two handles.
func countLimit(t *testing.T, f *fixture) {
	const creates, limit = 50, 10
	errFull := errors.New("full")
	stores := []storage.Store{f.store, f.place(t)}
	var made, full atomic.Int32
	atOnce(creates, func(i int) {
		_, err := stores[i%2].Update(t.Context(), func(tx storage.Tx) error {
			count, err := tx.CountKeys(t.Context(), storage.DefaultWorkspace, noon)
			if err != nil {
				return err
			}
			if count >= limit {
				return errFull
			}
			return tx.InsertKey(t.Context(), newKey(keys.ID(fmt.Sprintf("key_%02d", i))))
		})
		switch {
		case err == nil:
			made.Add(1)
		case errors.Is(err, errFull):
			full.Add(1)
		default:
			t.Error(err)
		}
	})
	wantEqual(t, "created", made.Load(), limit)
	wantEqual(t, "refused", full.Load(), creates-limit)
	wantCount(t, f, storage.DefaultWorkspace, limit)
}
