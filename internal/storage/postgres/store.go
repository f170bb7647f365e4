package postgres

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/keystile/keystile/internal/storage"
	"github.com/keystile/keystile/internal/storage/sqlcore"
)

const (
	// defaultKeep is how many revisions the change log holds. A follower asks
	// for changes every PollInterval; one that is further behind starts anew.
	defaultKeep = 10_000
	// pollInterval is how often a node asks that hears of changes anyway.
	pollInterval = 500 * time.Millisecond
)

var errClosed = errors.New("the store is closed")

// Store is one database.
type Store struct {
	cfg        *Config
	mustExist  bool
	part       bool // it may be one that is being filled
	keep       int64
	onCorrupt  func(id string, err error)
	onUnposted func(error)
	journal    *sqlcore.Journal
	onCommit   func([]storage.Change)
	onNews     func(storage.News)
	written    statements
	// updates and usage hold one token each: whoever writes takes it, in the
	// order of asking. Writers of this process would wait for each other in the
	// database as well, each with a connection.
	updates, usage chan struct{}

	mu     sync.Mutex // guards what follows
	live   *connections
	closed bool
}

var _ storage.Store = (*Store)(nil)

// connections are what is open to a database.
type connections struct {
	main, pulse *pgxpool.Pool
	listener    *listener // nil: nobody wants to hear of news, or nobody can yet
}

// Option adjusts a Store.
type Option func(*Store)

// MustExist makes Migrate refuse, with a NoSchemaError, to create tables in a
// database that has none of ours.
func MustExist() Option { return func(s *Store) { s.mustExist = true } }

// Part lets Migrate pass over that the store is being filled by a migration of
// data, and isn't complete.
func Part() Option { return func(s *Store) { s.part = true } }

// OnCorrupt registers who hears of damaged rows that a list leaves out, and of
// damaged batches of usage. It is called from the goroutine that reads, and may be
// called concurrently.
func OnCorrupt(fn func(id string, err error)) Option { return func(s *Store) { s.onCorrupt = fn } }

// OnUnposted registers who hears that usage which was flushed, and is kept, can't
// be put into the sums; once, until it could be again.
func OnUnposted(fn func(error)) Option { return func(s *Store) { s.onUnposted = fn } }

// Open names a database. It connects to nothing: the first call does that
// needs it. Tables are made by Migrate alone.
func Open(cfg *Config, opts ...Option) *Store {
	s := &Store{
		cfg: cfg, keep: defaultKeep, onCorrupt: func(string, error) {}, onUnposted: func(error) {}, onCommit: func([]storage.Change) {},
		updates: make(chan struct{}, 1), usage: make(chan struct{}, 1),
	}
	for _, opt := range opts {
		opt(s)
	}
	s.journal = sqlcore.NewJournal(sqlcore.JournalConfig{Change: s.changeUsage, Add: addUsage, Unfit: unfit, OnCorrupt: s.onCorrupt, OnUnposted: s.onUnposted})
	return s
}

// OnCommit implements storage.Store.
func (s *Store) OnCommit(fn func([]storage.Change)) { s.onCommit = fn }

// OnNews implements storage.Store.
func (s *Store) OnNews(fn func(storage.News)) { s.onNews = fn }

// PollInterval implements storage.Store.
func (s *Store) PollInterval() time.Duration { return pollInterval }

// connect returns the pools, which connect when they are used.
func (s *Store) connect() (*connections, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, errClosed
	}
	if s.live != nil {
		return s.live, nil
	}
	pulse := s.cfg.pool.Copy()
	pulse.MinConns, pulse.MinIdleConns, pulse.MaxConns = 0, 0, pulseConns
	c := &connections{}
	var err error
	if c.main, err = pgxpool.NewWithConfig(context.Background(), s.cfg.pool.Copy()); err != nil {
		return nil, err
	}
	if c.pulse, err = pgxpool.NewWithConfig(context.Background(), pulse); err != nil {
		c.main.Close()
		return nil, err
	}
	s.live = c
	return c, nil
}

// listen begins to hear of news, where anybody wants to.
func (s *Store) listen() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.live != nil && s.live.listener == nil && s.onNews != nil {
		s.live.listener = listenTo(s.cfg.pool.ConnConfig, s.onNews)
	}
}

// closeWithin bounds how long Close waits. A connection whose statement was
// given up asks the server to stop it, and one that is silent keeps it waiting;
// it ends by itself, some seconds later.
const closeWithin = 3 * time.Second

// postWithin bounds how long Close tries to leave nothing in the journal.
const postWithin = time.Second

// Close implements storage.Store. It waits for calls that are under way, but no
// longer than closeWithin.
func (s *Store) Close() error {
	s.journal.PostLast(postWithin)
	s.mu.Lock()
	live := s.live
	s.live, s.closed = nil, true
	s.mu.Unlock()
	if live == nil {
		return nil
	}
	if live.listener != nil {
		live.listener.stop()
	}
	var closing sync.WaitGroup
	closing.Go(live.pulse.Close)
	closing.Go(live.main.Close)
	closed := make(chan struct{})
	go func() {
		closing.Wait()
		close(closed)
	}()
	select {
	case <-closed:
	case <-time.After(closeWithin):
	}
	return nil
}

// promise holds a connection to what a commit means: it is on the disk, and on
// the standbys that the server was told to wait for. Who wants more than that
// may have it. Compiling a statement takes longer than any of ours runs.
func promise(ctx context.Context, c *pgx.Conn) error {
	_, err := c.Exec(ctx, `SELECT set_config('jit', 'off', false), CASE
		WHEN current_setting('synchronous_commit') NOT IN ('on', 'remote_apply') THEN set_config('synchronous_commit', 'on', false) END`)
	return err
}

func (s *Store) session(by runner) *sqlcore.Session {
	return sqlcore.NewSession(conn{&s.written, by}, dialect{})
}
