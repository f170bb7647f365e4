package sqlite

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/keystile/keystile/internal/storage"
)

// wantLine checks for an error of one line that says what is wrong with what,
// and is no answer.
func wantLine(t *testing.T, err error, says ...string) {
	t.Helper()
	if err == nil {
		t.Fatal("got no error")
	}
	for _, words := range says {
		if !strings.Contains(err.Error(), words) {
			t.Errorf("got %q, want it to say %q", err, words)
		}
	}
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("got more than one line: %q", err)
	}
	if errors.Is(err, storage.ErrNotFound) || errors.Is(err, storage.ErrExists) {
		t.Errorf("got %v, which is an answer", err)
	}
}

func TestFileThatIsNoDatabaseIsRefusedAndKept(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "keys.db")
	text := strings.Repeat("my thesis, second draft\n", 1000)
	must(t, os.WriteFile(path, []byte(text), 0o600))
	s := open(t, path)
	wantLine(t, s.Migrate(t.Context()), path, "no SQLite database")
	_, err := lookup(t.Context(), s, "key_a")
	wantLine(t, err, "no SQLite database")
	if kept, err := os.ReadFile(path); err != nil || string(kept) != text {
		t.Errorf("the file was changed (%v)", err)
	}
}

func TestDatabaseOfAnotherProgramIsRefusedAndKept(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "keys.db")
	must(t, os.WriteFile(path, nil, 0o600))
	mustExec(t, raw(t, path), `CREATE TABLE recipes (name TEXT)`)
	before, err := os.ReadFile(path)
	must(t, err)
	wantLine(t, open(t, path).Migrate(t.Context()), path, "another program")
	if after, err := os.ReadFile(path); err != nil || string(after) != string(before) {
		t.Errorf("the file was changed (%v)", err)
	}
}

func TestFolderInTheDatabasesPlaceIsRefused(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	wantLine(t, open(t, folder).Migrate(t.Context()), folder, "no file")
}

func TestPathBelowAFileIsRefused(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	must(t, os.WriteFile(file, nil, 0o600))
	wantLine(t, open(t, filepath.Join(file, "keys.db")).Migrate(t.Context()), file, "not a directory")
}

func TestSchemaThatIsMissingIsNoAnswer(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "keys.db")
	must(t, os.WriteFile(path, nil, 0o600))
	s := open(t, path)
	_, err := lookup(t.Context(), s, "key_a")
	wantLine(t, err, "look up key")
	_, err = s.Confirm(t.Context())
	wantLine(t, err, "head")
	wantLine(t, insert(t.Context(), s, "key_a"))
	must(t, s.Migrate(t.Context()))
	must(t, insert(t.Context(), s, "key_a"))
}

func TestLostHeadIsNoAnswer(t *testing.T) {
	t.Parallel()
	s := setup(t)
	mustExec(t, raw(t, s.path), `DELETE FROM head`)
	_, err := lookup(t.Context(), s, "key_a")
	wantLine(t, err, "head")
	_, err = s.Confirm(t.Context())
	wantLine(t, err, "head")
	wantLine(t, s.View(t.Context(), func(storage.Reader) error { return nil }), "head")
	wantLine(t, insert(t.Context(), s, "key_a"))
}

func TestNetworkFileSystemIsRefused(t *testing.T) {
	t.Parallel()
	nfs := func(s *Store) { s.statfs = func(string) (mount, error) { return mount{network: "nfs"}, nil } }
	folder := t.TempDir()
	wantLine(t, open(t, filepath.Join(folder, "below", "keys.db"), nfs).Migrate(t.Context()), folder, "network file system (nfs)")
	if made := files(t, folder); len(made) != 0 {
		t.Errorf("%v were made", made)
	}
	local := setup(t)
	_, err := lookup(t.Context(), open(t, local.path, nfs), "key_a")
	wantLine(t, err, "network file system")

	broken := func(s *Store) { s.statfs = func(string) (mount, error) { return mount{}, context.DeadlineExceeded } }
	_, err = lookup(t.Context(), open(t, local.path, broken), "key_a")
	wantLine(t, err, "file system")
}
