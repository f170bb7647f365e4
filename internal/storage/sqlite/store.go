// Package sqlite is the store in one SQLite file, by the pure-Go driver: a
// build needs no C compiler, an installation no server. Several processes may
// share the file on one machine.
package sqlite

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
	"github.com/keystile/keystile/internal/storage/sqlcore"
)

const (
	defaultBusyTimeout = 5 * time.Second
	// defaultKeep is how many revisions the change log holds. A follower asks
	// for changes every PollInterval; one that is further behind starts anew.
	defaultKeep  = 10_000
	pollInterval = 50 * time.Millisecond
	// postWithin bounds how long Close tries to leave nothing in the journal.
	postWithin = time.Second
)

var (
	errClosed = errors.New("the store is closed")
	errQueue  = errors.New("other writers of this process waited for the database, or wrote, for too long")
)

// Store is one database file.
type Store struct {
	path        string // absolute
	mustExist   bool
	part        bool // it may be one that is being filled
	user        int  // whose the file must be
	busyTimeout time.Duration
	keep        int64
	bounds      bounds
	onCorrupt   func(id string, err error)
	onUnposted  func(error)
	onCreate    func(path string)
	onCommit    func([]storage.Change)
	statfs      func(path string) (mount, error)
	// writer holds one token: whoever writes takes it, in the order of asking.
	writer chan struct{}
	// rolledUp is where RollUpUsage goes on; nil: at the first key.
	rolledUp atomic.Pointer[keys.ID]
	// pruned is where PruneUsage goes on; nil: at the first key.
	pruned atomic.Pointer[keys.ID]

	journal *sqlcore.Journal

	mu     sync.Mutex // guards what follows
	live   *connections
	closed bool
}

var _ storage.Store = (*Store)(nil)

// Option adjusts a Store.
type Option func(*Store)

// MustExist makes Migrate refuse, with a NoDatabaseError, to create a database
// that isn't there.
func MustExist() Option { return func(s *Store) { s.mustExist = true } }

// Part lets Migrate pass over that the store is being filled by a migration of
// data, and isn't complete.
func Part() Option { return func(s *Store) { s.part = true } }

// BusyTimeout is how long a call waits for other writers, of this process and
// of others that hold the database. The default is 5 s.
func BusyTimeout(d time.Duration) Option { return func(s *Store) { s.busyTimeout = d } }

// OnCorrupt registers who hears of damaged rows that a list leaves out, and of
// damaged batches of usage. It is called from the goroutine that reads, and may be
// called concurrently.
func OnCorrupt(fn func(id string, err error)) Option { return func(s *Store) { s.onCorrupt = fn } }

// OnUnposted registers who hears that usage which was flushed, and is kept, can't
// be put into the sums; once, until it could be again.
func OnUnposted(fn func(error)) Option { return func(s *Store) { s.onUnposted = fn } }

// OnCreate registers who hears that a new database was made, and where.
func OnCreate(fn func(path string)) Option { return func(s *Store) { s.onCreate = fn } }

// Open names a database file. It touches nothing: the file is opened by the
// first call that needs it, and made by Migrate alone. Until then, every other
// call fails with a NoDatabaseError.
func Open(path string, opts ...Option) (*Store, error) {
	if path == "" {
		return nil, errors.New("the path of the database is empty")
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("find the database: %w", err)
	}
	s := &Store{
		path: abs, busyTimeout: defaultBusyTimeout, keep: defaultKeep, bounds: usualBounds, statfs: statfs,
		onCorrupt: func(string, error) {}, onUnposted: func(error) {}, onCreate: func(string) {}, onCommit: func([]storage.Change) {},
		writer: make(chan struct{}, 1), user: anyUser,
	}
	for _, opt := range opts {
		opt(s)
	}
	s.journal = sqlcore.NewJournal(sqlcore.JournalConfig{Change: s.change, Add: addUsage, Unfit: unfit, OnCorrupt: s.onCorrupt, OnUnposted: s.onUnposted})
	return s, nil
}

// OnCommit implements storage.Store.
func (s *Store) OnCommit(fn func([]storage.Change)) { s.onCommit = fn }

// OnNews implements storage.Store: whoever writes to a file tells nobody.
func (s *Store) OnNews(func(storage.News)) {}

// Close implements storage.Store.
func (s *Store) Close() error {
	s.journal.PostLast(postWithin)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	live := s.live
	s.live = nil
	if live == nil {
		return nil
	}
	if err := live.close(); err != nil {
		return fmt.Errorf("close %s: %w", s.path, translate(err))
	}
	return nil
}

// lockWriter waits for a turn among the writers of this process.
func (s *Store) lockWriter(ctx context.Context, giveUp <-chan time.Time) (release func(), err error) {
	select {
	case s.writer <- struct{}{}:
		return func() { <-s.writer }, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for other writers: %w", ctx.Err())
	case <-giveUp:
		return nil, errQueue
	}
}
