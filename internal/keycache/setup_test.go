package keycache_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/keystile/keystile/internal/keycache"
	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	secret    = "the secret"
	patience  = 2 * time.Second
	staleness = 10 * time.Second
)

var errDown = errors.New("the store is down")

// shelf is a store that can be stopped at every step.
type shelf struct {
	mu       sync.Mutex
	revision storage.Revision
	values   map[string]string
	reads    int
	fault    error
	panics   bool
	held     chan *reading // where reads go that are to wait; nil: none waits
}

// reading is a read that has its answer and doesn't return it yet.
type reading struct {
	secret string
	goOn   chan struct{}
}

func (s *shelf) load(secret string, into *string) (keycache.Loaded, error) {
	got, held, err := s.look(secret, into)
	if held != nil {
		r := &reading{secret: secret, goOn: make(chan struct{})}
		held <- r
		<-r.goOn
	}
	return got, err
}

func (s *shelf) look(secret string, into *string) (keycache.Loaded, chan *reading, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reads++
	if s.panics {
		panic("the driver has a fault")
	}
	value, found := s.values[secret]
	*into = value
	return keycache.Loaded{
		Found: found, Revision: s.revision, Digests: []keys.Digest{keys.FingerprintOf(secret)},
	}, s.held, s.fault
}

// commit changes a value; "" takes it away.
func (s *shelf) commit(secret, value string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.revision++
	s.values[secret] = value
	if value == "" {
		delete(s.values, secret)
	}
}

// put sets a value that was there all along.
func (s *shelf) put(secret, value string) { s.set(func(s *shelf) { s.values[secret] = value }) }

func (s *shelf) set(change func(*shelf)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(s)
}

func (s *shelf) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.reads
}

// fixture is a cache in front of a shelf that holds "active" under secret.
type fixture struct {
	*keycache.Cache[string]
	t     testing.TB
	shelf *shelf
}

// setup makes a cache that trusts its memory for the staleness. Within a
// bubble, close it before the bubble ends.
func setup(t testing.TB, entries int64) *fixture {
	t.Helper()
	f := &fixture{t: t, shelf: &shelf{revision: 1, values: map[string]string{secret: "active"}}}
	cache, err := keycache.New(keycache.Config{Entries: entries, Base: time.Now(), Patience: patience}, f.shelf.load)
	if err != nil {
		t.Fatal(err)
	}
	f.Cache = cache
	f.Confirm(time.Now().Add(staleness))
	return f
}

// bubble runs a test in which time passes only while everybody waits.
func bubble(t *testing.T, test func(f *fixture)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		f := setup(t, 1000)
		defer f.Close()
		test(f)
	})
}

// change is a change of this node: fenced, then committed.
func (f *fixture) change(secret, value string) {
	f.fence(secret)
	f.shelf.commit(secret, value)
}

// fence announces the next commit.
func (f *fixture) fence(secret string) {
	f.shelf.mu.Lock()
	next := f.shelf.revision + 1
	f.shelf.mu.Unlock()
	f.Fence([]storage.Change{{
		Position: storage.Position{Revision: next}, Subject: storage.SubjectKey, Digests: []keys.Digest{keys.FingerprintOf(secret)},
	}})
}

// get is what the cache says of a secret now: its value, "nobody's", or why it
// can't tell.
func (f *fixture) get(secret string) string { return f.ask(f.t.Context(), secret, time.Now()) }

func (f *fixture) ask(ctx context.Context, secret string, now time.Time) string {
	return told(f.Get(ctx, keys.FingerprintOf(secret), secret, now))
}

func told(value *string, found bool, err error) string {
	switch {
	case err != nil && !errors.Is(err, keycache.ErrUnavailable):
		return "an error that isn't ErrUnavailable: " + err.Error()
	case errors.Is(err, context.Canceled):
		return "canceled"
	case errors.Is(err, context.DeadlineExceeded):
		return "too late"
	case err != nil:
		return "unavailable"
	case !found:
		return "nobody's"
	}
	return *value
}

// start asks beside the test; the answer comes on the channel.
func (f *fixture) start(secret string) <-chan string {
	return f.startWith(f.t.Context(), secret)
}

func (f *fixture) startWith(ctx context.Context, secret string) <-chan string {
	answer, now := make(chan string, 1), time.Now()
	go func() { answer <- f.ask(ctx, secret, now) }()
	return answer
}

// hold makes reads wait behind their answer, and returns where they arrive.
func (f *fixture) hold() chan *reading {
	held := make(chan *reading, 1000)
	f.shelf.set(func(s *shelf) { s.held = held })
	return held
}

func (f *fixture) holdNoMore() { f.shelf.set(func(s *shelf) { s.held = nil }) }

func (f *fixture) want(what, got, want string) {
	f.t.Helper()
	if got != want {
		f.t.Errorf("%s: %q, want %q", what, got, want)
	}
}

func (f *fixture) wantReads(want int) {
	f.t.Helper()
	if got := f.shelf.count(); got != want {
		f.t.Errorf("the store was read %d times, want %d", got, want)
	}
}
