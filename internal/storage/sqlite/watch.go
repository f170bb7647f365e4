package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/keystile/keystile/internal/storage"
)

// watcher asks one file whether it changed, on one connection that never
// writes: data_version means something on one and the same connection only,
// which doesn't see its own commits.
type watcher struct {
	db *sql.DB
	// turn holds one token: who asks takes it. It guards known, version and
	// seen.
	turn    chan struct{}
	known   bool
	version int64
	seen    attendance

	mu     sync.Mutex // guards what follows
	pinned *sql.Conn
	closed bool
	log    os.FileInfo // the write-ahead log, when it was last looked at
}

func newWatcher(db *sql.DB) *watcher { return &watcher{db: db, turn: make(chan struct{}, 1)} }

// PollInterval implements storage.Store.
func (s *Store) PollInterval() time.Duration { return pollInterval }

// attendance is the head of the change log and a node, of one snapshot.
type attendance struct {
	incarnation string // that was asked for; empty: none
	head        storage.Position
	there       bool
	row         storage.Node
}

// Confirm implements storage.Store. Where nothing was committed since the call
// before, it reads no table. A file that was put in the place of the old one
// is opened here, and its head is told from the old one's by its ID.
func (s *Store) Confirm(ctx context.Context) (storage.Position, error) {
	seen, err := s.attend(ctx, "")
	if err != nil {
		return storage.Position{}, fmt.Errorf("confirm the head of the change log: %w", err)
	}
	return seen.head, nil
}

// Attend implements storage.Store: a read, since a file is read as it was
// written last.
func (s *Store) Attend(ctx context.Context, b storage.Beat) (storage.Position, storage.Node, error) {
	seen, err := s.attend(ctx, b.Incarnation)
	if err == nil && !seen.there {
		err = storage.ErrNotFound
	}
	if err != nil {
		return storage.Position{}, storage.Node{}, fmt.Errorf("attend as a node: %w", err)
	}
	return seen.head, seen.row, nil
}

func (s *Store) attend(ctx context.Context, incarnation string) (attendance, error) {
	c, err := s.connect()
	if err != nil {
		return attendance{}, err
	}
	var seen attendance
	err = s.retry(ctx, func() (err error) {
		seen, err = c.watch.attend(ctx, incarnation)
		return err
	})
	if err != nil {
		return attendance{}, translate(err)
	}
	c.watch.noteLog(s.path)
	return seen, nil
}

func (w *watcher) attend(ctx context.Context, incarnation string) (attendance, error) {
	select {
	case w.turn <- struct{}{}:
		defer func() { <-w.turn }()
	case <-ctx.Done():
		return attendance{}, ctx.Err()
	}
	conn, err := w.pin(ctx)
	if err != nil {
		return attendance{}, err
	}
	if err := w.refresh(ctx, conn, incarnation); err != nil {
		w.unpin() // its version means nothing on another connection
		return attendance{}, err
	}
	return w.seen, nil
}

// refresh reads the version before the head: a commit between the two makes
// the version old, and the next call read again.
func (w *watcher) refresh(ctx context.Context, conn *sql.Conn, incarnation string) error {
	var version int64
	if err := conn.QueryRowContext(ctx, "PRAGMA data_version").Scan(&version); err != nil {
		return err
	}
	if w.known && version == w.version && incarnation == w.seen.incarnation {
		return nil
	}
	seen, err := readAttendance(ctx, conn, incarnation)
	if err != nil {
		return err
	}
	w.known, w.version, w.seen = true, version, seen
	return nil
}

func (w *watcher) pin(ctx context.Context) (*sql.Conn, error) {
	w.mu.Lock()
	conn := w.pinned
	w.mu.Unlock()
	if conn != nil {
		return conn, nil
	}
	w.known = false
	conn, err := w.db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		_ = conn.Close()
		return nil, errClosed
	}
	w.pinned = conn
	return conn, nil
}

func (w *watcher) unpin() {
	w.mu.Lock()
	conn := w.pinned
	w.pinned = nil
	w.mu.Unlock()
	if conn != nil {
		_ = conn.Close() // it failed already, and says so
	}
}

func (w *watcher) close() error {
	w.mu.Lock()
	w.closed = true
	w.mu.Unlock()
	w.unpin()
	return w.db.Close()
}

// noteLog remembers which write-ahead log belongs to the file.
func (w *watcher) noteLog(path string) {
	log, err := os.Stat(path + "-wal")
	if err != nil {
		return
	}
	w.mu.Lock()
	w.log = log
	w.mu.Unlock()
}

// refuseLog refuses a file that took the place of the old one while the old
// one's log still lies beside it: SQLite would write the log into the new file.
func (w *watcher) refuseLog(path string) error {
	log, err := os.Stat(path + "-wal")
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look at the log of the database: %w", err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.log != nil && os.SameFile(w.log, log) {
		return fmt.Errorf("%s was replaced, but the old one's %s-wal is still there: remove it, and the -shm file", path, path)
	}
	return nil
}
