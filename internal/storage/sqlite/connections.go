package sqlite

import (
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"modernc.org/sqlite"
)

// readers bounds the connections that read at once. Each keeps a page cache of
// up to 2 MB.
const readers = 8

// connections is what is open on one file. A file that takes the place of
// another gets connections of its own.
type connections struct {
	file  os.FileInfo
	write *sql.DB // one connection
	beat  *sql.DB // one connection, for what need not survive a failure of the power
	read  *sql.DB
	watch *watcher

	lookups lookups
}

// connect returns the connections to the file that is at the path now, and
// opens them where that is another file than before, such as a restored one.
func (s *Store) connect() (*connections, error) {
	file, err := s.stat()
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, errClosed
	}
	if s.live != nil {
		if os.SameFile(s.live.file, file) {
			return s.live, nil
		}
		if err := s.live.watch.refuseLog(s.path); err != nil {
			return nil, err
		}
		// Calls that are under way end on the old file. What closing it says
		// is of no use to anybody: it is out of reach already.
		_ = s.live.close()
		s.live = nil
	}
	if err := s.refuseNetwork(filepath.Dir(s.path)); err != nil {
		return nil, err
	}
	s.live, err = dial(s.path, file)
	return s.live, err
}

// dial prepares the pools; connections are made when they are used.
func dial(path string, file os.FileInfo) (*connections, error) {
	write, err := pool(path, 1,
		"journal_mode(WAL)",
		// In WAL mode, what is committed survives the end of the process
		// under NORMAL already. FULL also waits for the disk, so that a
		// revocation that was acknowledged survives a power failure.
		"synchronous(FULL)",
		"journal_size_limit(67108864)")
	if err != nil {
		return nil, err
	}
	// Its commits don't wait for the disk. Those of the other writer do all the
	// same, and take along what lies before them in the log.
	beat, err := pool(path, 1, "journal_mode(WAL)", "synchronous(NORMAL)", "journal_size_limit(67108864)")
	if err != nil {
		return nil, err
	}
	read, err := pool(path, readers, "query_only(1)")
	if err != nil {
		return nil, err
	}
	watch, err := pool(path, 1, "query_only(1)")
	if err != nil {
		return nil, err
	}
	return &connections{file: file, write: write, beat: beat, read: read, watch: newWatcher(watch)}, nil
}

func pool(path string, size int, pragmas ...string) (*sql.DB, error) {
	connector, err := sqlite.NewConnector(dsn(path, pragmas))
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	db := sql.OpenDB(connector)
	db.SetMaxOpenConns(size)
	db.SetMaxIdleConns(size)
	return db, nil
}

// dsn never lets SQLite create a file (mode=rw), and never lets it wait: it
// would wait without looking at the context. Store.retry does.
func dsn(path string, pragmas []string) string {
	params := url.Values{
		"mode": {"rw"}, "_txlock": {"immediate"},
		"_pragma": append([]string{"busy_timeout(0)", "trusted_schema(0)"}, pragmas...),
	}
	slashed := filepath.ToSlash(path)
	if !strings.HasPrefix(slashed, "/") {
		slashed = "/" + slashed // C:/…
	}
	return (&url.URL{Scheme: "file", Path: slashed, RawQuery: params.Encode()}).String()
}

// close lets calls that are under way finish on their own connections. The
// writer is the last to go, since the last connection folds the log back.
func (c *connections) close() error {
	return errors.Join(c.lookups.close(), c.watch.close(), c.read.Close(), c.beat.Close(), c.write.Close())
}
