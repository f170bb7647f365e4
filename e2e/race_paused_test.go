package e2e

import (
	"context"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/engine"
	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/limit/local"
	"github.com/keystile/keystile/internal/storage"
	"github.com/keystile/keystile/internal/storage/sqlite"
)

// pausedStore holds a look-up's answer back between the read of the store and
// the return, where memory would be filled.
type pausedStore struct {
	storage.Store
	armed chan struct{} // a token: the next look-up is held back
	read  chan struct{} // a token: the store has been read
	pass  chan struct{} // a token: the answer may go on
}

func (p *pausedStore) Lookup(ctx context.Context, digests []keys.Digest) (storage.Lookup, error) {
	got, err := p.Store.Lookup(ctx, digests)
	select {
	case <-p.armed:
		p.read <- struct{}{}
		<-p.pass
	default:
	}
	return got, err
}

// This one case looks inside: no request can be timed between a read and the
// use of its answer from outside.
func TestRevocationBetweenReadAndUseWins(t *testing.T) {
	t.Parallel()
	t.Run("RACE-01 revocation while a look-up is under way", revokeDuringLookup)
}

func revokeDuringLookup(t *testing.T) {
	ctx := t.Context()
	store := &pausedStore{armed: make(chan struct{}, 1), read: make(chan struct{}), pass: make(chan struct{})}
	var err error
	if store.Store, err = sqlite.Open(filepath.Join(t.TempDir(), "keys.db")); err != nil {
		t.Fatal(err)
	}
	e, err := engine.New(engine.Config{
		Store: store, Limiter: local.New(time.Now()), Now: time.Now,
		Log: slog.New(slog.DiscardHandler), Stats: new(engine.Stats),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := e.Hurry(0); err != nil {
			t.Error(err)
		}
	}()
	if err := e.Start(ctx, &engine.DefaultSettings); err != nil {
		t.Fatal(err)
	}
	k, secret := &keys.Key{Environment: keys.Live}, drawSecret(keys.Live)
	complete(k, secret, 0)
	change(t, store, func(tx storage.Tx) error { return tx.InsertKey(ctx, k) })

	store.armed <- struct{}{}
	found := make(chan keys.Status)
	go func() {
		entry, _, err := e.Fetch(ctx, keys.FingerprintOf(secret), secret, time.Now())
		if err != nil {
			t.Error(err)
			close(found)
			return
		}
		found <- entry.Principal.Status
	}()
	<-store.read // as active
	k.Status = keys.Revoked
	change(t, store, func(tx storage.Tx) error { return tx.UpdateKey(ctx, k) })
	store.pass <- struct{}{}

	if got := <-found; got != keys.Revoked {
		t.Errorf("the waiting request was told that the key is %s", got)
	}
	fp := keys.FingerprintOf(secret)
	entry, _, known := e.Recall(fp, time.Now())
	if !known {
		var err error
		if entry, _, err = e.Fetch(ctx, fp, secret, time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	if entry.Principal.Status != keys.Revoked {
		t.Errorf("the next request was told that the key is %s", entry.Principal.Status)
	}
}

func change(t *testing.T, store storage.Store, fn func(storage.Tx) error) {
	t.Helper()
	if _, err := store.Update(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}
