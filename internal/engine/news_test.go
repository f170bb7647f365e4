package engine

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

// telling is a store that tells of news, and is never asked in time.
type telling struct {
	storage.Store
	tell   func(storage.News)
	silent atomic.Bool // it doesn't say how far the log is: nothing is followed
	behind atomic.Bool // it reads keys of a revision before
}

func (s *telling) Lookup(ctx context.Context, digests []keys.Digest) (storage.Lookup, error) {
	got, err := s.Store.Lookup(ctx, digests)
	if s.behind.Load() {
		got.Revision--
	}
	return got, err
}

func (s *telling) OnNews(fn func(storage.News)) { s.tell = fn }
func (s *telling) Attend(ctx context.Context, b storage.Beat) (storage.Position, storage.Node, error) {
	if s.silent.Load() {
		return storage.Position{}, storage.Node{}, errors.New("no answer")
	}
	return s.Store.Attend(ctx, b)
}
func (s *telling) PollInterval() time.Duration { return time.Hour }

func TestAChangeThatTheStoreTellsOfIsInForceBeforeTheNextPoll(t *testing.T) {
	t.Parallel()
	f := setup(t)
	told := &telling{}
	f.Engine = f.openOn(told, &Settings{MaxStaleness: 24 * time.Hour, FlushInterval: time.Hour, CacheSize: 1000})
	k, secret := f.key(f.other, nil)
	if got := f.status(secret); got != keys.Active {
		t.Fatalf("new key: %q", got)
	}
	f.revoke(f.other, k)
	if got := f.status(secret); got != keys.Active {
		t.Fatalf("nobody told of it, and the key is %q", got)
	}
	told.tell(storage.News{})
	f.comes("it is in force", func() bool { return f.status(secret) == keys.Revoked })
}

// comes fails the test unless something comes true.
func (f *fixture) comes(what string, so func() bool) {
	f.t.Helper()
	late := time.After(20 * time.Second)
	for !so() {
		select {
		case <-late:
			f.t.Fatal("never: " + what)
		case <-time.After(time.Millisecond):
		}
	}
}

func TestNewsThatSayWhatChangedAreInForceBeforeTheLogIsRead(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		news func(*storage.News)
		want keys.Status
	}{
		{"the next", func(*storage.News) {}, keys.Revoked},
		{"of another log", func(n *storage.News) { n.After.ID = "another" }, keys.Active},
		{"older", func(n *storage.News) { n.After = storage.Position{} }, keys.Active},
		{"of what comes later", func(n *storage.News) { n.After.Revision++ }, keys.Active},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := setup(t)
			k, secret := f.key(f.other, nil)
			before, err := f.other.Confirm(t.Context())
			must(t, err)
			told := &telling{}
			f.Engine = f.openOn(told, &Settings{MaxStaleness: 24 * time.Hour, FlushInterval: time.Hour, CacheSize: 1000})
			if got := f.status(secret); got != keys.Active {
				t.Fatalf("new key: %q", got)
			}
			told.silent.Store(true)
			f.revoke(f.other, k)
			news := storage.News{After: before, Changes: []storage.Change{{
				Position: storage.Position{Revision: before.Revision + 1}, Subject: storage.SubjectKey, Name: string(k.ID), Digests: []keys.Digest{keys.DigestOfTail(k.Digest.Tail())},
			}}}
			test.news(&news)
			told.tell(news)
			if got := f.status(secret); got != test.want {
				t.Errorf("the key is %q, want %q", got, test.want)
			}
		})
	}
}

// Nothing is asked at intervals here.
func TestMemoryThatIsNotBelievedIsConfirmedAtTheNextRequest(t *testing.T) {
	t.Parallel()
	f := setup(t)
	told := &telling{}
	f.Engine = f.openOn(told, &Settings{MaxStaleness: 24 * time.Hour, FlushInterval: time.Hour, CacheSize: 1000})
	_, secret := f.key(f.other, nil)
	if got := f.status(secret); got != keys.Active {
		t.Fatalf("new key: %q", got)
	}
	f.offset.Add(int64(25 * time.Hour))
	if f.cache.Trusted(f.now()) {
		t.Fatal("memory is believed for longer than max_staleness")
	}
	f.comes("memory is believed again", func() bool { return f.status(secret) == keys.Active && f.cache.Trusted(f.now()) })
}

func TestAQuestionThatItsCallerGaveUpSaysNothingOfTheStore(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.Engine = f.openOn(&telling{}, &Settings{MaxStaleness: 24 * time.Hour, FlushInterval: time.Hour, CacheSize: 1000})
	given, up := context.WithCancel(t.Context())
	up()
	f.follower.poll(given)
	if err := f.reachable(); err != nil {
		t.Errorf("nobody asks the store any more: %v", err)
	}
}

// As one that was deposed and doesn't know it.
func TestAServerThatIsBehindWhatANodeHasSeenIsNotBelieved(t *testing.T) {
	t.Parallel()
	f := setup(t)
	told := &telling{}
	_, secret := f.key(f.other, nil)
	f.Engine = f.openOn(told, &Settings{MaxStaleness: 24 * time.Hour, FlushInterval: time.Hour, CacheSize: 1000})
	told.behind.Store(true)
	if _, _, err := f.Find(t.Context(), secret, f.now()); !errors.Is(err, ErrUnavailable) {
		t.Errorf("got error %v, want that nobody can tell", err)
	}
	told.behind.Store(false)
	if got := f.status(secret); got != keys.Active {
		t.Errorf("the right server says %q", got)
	}
}
