package sqlite

import (
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
)

const nobody = 65534

// asNobody runs fn without root's right to write everywhere. The thread that
// gave it up ends with the goroutine.
func asNobody(t *testing.T, fn func()) {
	t.Helper()
	if os.Geteuid() != 0 {
		fn()
		return
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()
		if err := syscall.Setfsuid(nobody); err != nil {
			t.Error(err)
			return
		}
		fn()
	}()
	<-done
}

// publicFolder is one that nobody can enter, but not write to.
func publicFolder(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	must(t, os.Chmod(filepath.Dir(folder), 0o755))
	must(t, os.Chmod(folder, 0o555))
	t.Cleanup(func() { must(t, os.Chmod(folder, 0o700)) })
	return folder
}

func TestReadOnlyFolderIsRefused(t *testing.T) {
	t.Parallel()
	path := filepath.Join(publicFolder(t), "keys.db")
	s := open(t, path)
	var err error
	asNobody(t, func() { err = s.Migrate(t.Context()) })
	wantLine(t, err, "create the database", path, "permission denied")
}

func TestSQLITE04ReadOnlyDatabaseIsRefused(t *testing.T) {
	t.Parallel()
	for _, folderMode := range []os.FileMode{0o555, 0o777} {
		folder := publicFolder(t)
		must(t, os.Chmod(folder, 0o777))
		path := filepath.Join(folder, "keys.db")
		first := open(t, path)
		must(t, first.Migrate(t.Context()))
		must(t, first.Close())
		must(t, os.Chmod(path, 0o444))
		must(t, os.Chmod(folder, folderMode))

		s := open(t, path)
		var atStart, later error
		asNobody(t, func() { atStart, later = s.Migrate(t.Context()), insert(t.Context(), s, "key_a") })
		wantLine(t, atStart, path, "read-only")
		wantLine(t, later, "read-only")
	}
}
