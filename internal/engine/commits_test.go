package engine

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/limit/local"
	"github.com/keystile/keystile/internal/storage"
	"github.com/keystile/keystile/internal/storage/sqlite"
)

// doubtful is a store in which something happens between the announcement of a
// commit and the commit, and which counts its reads of the catalogue.
type doubtful struct {
	storage.Store
	before     func()
	catalogues int
}

func (s *doubtful) OnCommit(fn func([]storage.Change)) {
	s.Store.OnCommit(func(changes []storage.Change) {
		fn(changes)
		s.before()
	})
}

func (s *doubtful) Catalogue(ctx context.Context) (storage.Catalogue, error) {
	s.catalogues++
	return s.Store.Catalogue(ctx)
}

func (s *doubtful) PollInterval() time.Duration { return time.Hour }

// setupDoubtful is setup with an engine that polls only when it is told.
func setupDoubtful(t *testing.T) (*fixture, *doubtful) {
	t.Helper()
	f := setup(t)
	store, err := sqlite.Open(f.path)
	must(t, err)
	s := &doubtful{Store: store, before: func() {}}
	f.Engine, err = New(Config{Store: s, Limiter: local.New(f.start), Now: f.now, Log: slog.New(slog.DiscardHandler), Stats: new(Stats)})
	must(t, err)
	e := f.Engine
	t.Cleanup(func() { must(t, e.Hurry(0)) })
	must(t, f.Start(t.Context(), &Settings{MaxStaleness: time.Hour, FlushInterval: time.Hour, CacheSize: 1000}))
	return f, s
}

// failToCommit changes a key and a workspace, and fails behind the announcement.
func (f *fixture) failToCommit(s *doubtful, k *keys.Key) {
	f.t.Helper()
	ctx, end := context.WithCancel(f.t.Context())
	s.before = end
	_, err := f.Store().Update(ctx, func(tx storage.Tx) error {
		revoked := *k
		revoked.Status = keys.Revoked
		return errors.Join(tx.UpdateKey(ctx, &revoked), tx.InsertWorkspace(ctx, storage.Workspace{Name: "acme"}))
	})
	if err == nil {
		f.t.Fatal("the commit didn't fail")
	}
	s.before = func() {}
}

// asks returns how often look-ups of a key and of a plan read the store.
func (f *fixture) asks(s *doubtful, secret string, times int) (lookups, catalogues int) {
	f.t.Helper()
	before, catalogued := f.Stats().StoreReads.Load(), s.catalogues
	for range times {
		if got := f.status(secret); got != keys.Active {
			f.t.Fatalf("the key is %q", got)
		}
		_, err := f.PlanOf(f.t.Context(), storage.DefaultWorkspace)
		must(f.t, err)
	}
	return int(f.Stats().StoreReads.Load() - before), s.catalogues - catalogued
}

func TestACommitThatFailedDoesNotKeepMemoryFromBeingUsed(t *testing.T) {
	t.Parallel()
	f, s := setupDoubtful(t)
	k, secret := f.key(f.other, nil)
	f.follower.poll(t.Context())
	f.failToCommit(s, k)
	if lookups, catalogues := f.asks(s, secret, 1); lookups == 0 || catalogues == 0 {
		t.Errorf("behind a commit in doubt, memory answers: %d look-ups, %d reads of the catalogue", lookups, catalogues)
	}
	f.follower.poll(t.Context())
	if lookups, catalogues := f.asks(s, secret, 10); lookups > 1 || catalogues > 1 {
		t.Errorf("once the log says that it failed, 10 requests cost %d look-ups and %d reads of the catalogue", lookups, catalogues)
	}
}

func TestRACE02APollBetweenAFenceAndItsCommitLowersNothing(t *testing.T) {
	t.Parallel()
	f, s := setupDoubtful(t)
	k, secret := f.key(f.other, nil)
	f.follower.poll(t.Context())
	f.failToCommit(s, k)
	f.asks(s, secret, 1) // in memory, and not believed
	s.before = func() { f.follower.poll(t.Context()) }
	f.revoke(f.Store(), k)
	if got := f.status(secret); got != keys.Revoked {
		t.Errorf("at once behind its revocation, the key is %q", got)
	}
	f.follower.poll(t.Context())
	f.follower.poll(t.Context())
	if got := f.status(secret); got != keys.Revoked {
		t.Errorf("later, the key is %q", got)
	}
}

func TestAnUpdateBesideAPollLeavesFencesAlone(t *testing.T) {
	t.Parallel()
	var c commits
	lowered := func(mark uint64) (yes bool) {
		c.settle(mark, func() { yes = true })
		return yes
	}
	c.begin()
	c.end(false)
	if c.begin(); lowered(c.mark()) {
		t.Error("while one is open")
	}
	mark := c.mark()
	if c.end(true); lowered(mark) {
		t.Error("where one has ended since")
	}
	mark = c.mark()
	c.begin()
	if c.end(true); lowered(mark) {
		t.Error("where one has come and gone")
	}
	if !lowered(c.mark()) || lowered(c.mark()) {
		t.Error("not once when all is quiet")
	}
}
