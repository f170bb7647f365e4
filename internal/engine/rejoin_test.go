package engine

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/limit/local"
	"github.com/keystile/keystile/internal/storage"
	"github.com/keystile/keystile/internal/storage/sqlite"
)

// restored is a store whose change log is gone, and in which something happens
// just before the new one's head is told.
type restored struct {
	storage.Store
	gone   bool
	before func()
}

func (s *restored) PollInterval() time.Duration { return time.Hour }

func (s *restored) Changes(ctx context.Context, after storage.Position, limit int) ([]storage.Change, error) {
	if s.gone {
		return nil, storage.ErrGap
	}
	return s.Store.Changes(ctx, after, limit)
}

func (s *restored) Confirm(ctx context.Context) (storage.Position, error) {
	if s.before != nil {
		s.before()
	}
	return s.Store.Confirm(ctx)
}

func (s *restored) Attend(ctx context.Context, b storage.Beat) (storage.Position, storage.Node, error) {
	if s.before != nil {
		s.before()
	}
	return s.Store.Attend(ctx, b)
}

func TestRACE01AChangeWhileTheNodeRejoinsIsNotMissed(t *testing.T) {
	t.Parallel()
	f := setup(t)
	k, secret := f.key(f.other, nil)
	store, err := sqlite.Open(f.path)
	must(t, err)
	s := &restored{Store: store}
	e, err := New(Config{Store: s, Limiter: local.New(f.start), Now: f.now, Log: slog.New(slog.DiscardHandler), Stats: new(Stats)})
	must(t, err)
	must(t, e.Start(t.Context(), &Settings{MaxStaleness: time.Hour, FlushInterval: time.Hour, CacheSize: 10}))
	t.Cleanup(func() { must(t, e.Hurry(0)) })

	f.key(f.other, nil) // so that there is something to follow, and a gap to be found
	s.gone = true
	polls := 0
	s.before = func() {
		if polls++; polls == 2 { // the node rejoins
			_, _, err := e.Find(t.Context(), secret, f.now())
			must(t, err)
			f.revoke(f.other, k)
		}
	}
	must(t, e.follower.catchUp(t.Context()))
	entry, _, err := e.Find(t.Context(), secret, f.now())
	must(t, err)
	if got := entry.Principal.Status; got != keys.Revoked {
		t.Errorf("after %d polls, the key is %q", polls, got)
	}
}

func TestANodeRegistersInADatabaseThatWasRestoredBeforeItBelievesAnythingOfIt(t *testing.T) {
	t.Parallel()
	f := setup(t)
	_, secret := f.key(f.other, nil)
	backup := f.path + ".backup"
	f.vacuumInto(backup)
	must(t, f.Hurry(0)) // the backup knows it, and not the one that comes now
	e := f.idle()
	e.node.join(t.Context())
	must(t, e.follower.catchUp(t.Context()))
	close(e.ready)
	first := e.node.self()
	f.Engine = e
	if got := f.status(secret); got != keys.Active {
		t.Errorf("before the restore: %q", got)
	}
	must(t, f.other.Close())
	f.restore(backup) // whose log is the very same
	e.follower.poll(t.Context())
	known := func() bool { return e.cache.Knows(keys.FingerprintOf(secret), f.now()) }
	if known() {
		t.Error("memory is believed before the node is registered in this database")
	}
	e.node.tick(t.Context())
	if again := e.node.self(); again == "" || again == first || known() {
		t.Errorf("registered as %q after %q; memory is believed: %v", again, first, known())
	}
	e.follower.poll(t.Context())
	if got := f.status(secret); got != keys.Active || !known() {
		t.Errorf("in the end: %q; memory is believed: %v", got, known())
	}
}
