package sqlite

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/keystile/keystile/internal/storage"
)

func TestNobodyTouchesTheDatabaseOfAnotherUser(t *testing.T) {
	t.Parallel()
	if _, known := ownerOf(mustStat(t, t.TempDir())); !known {
		t.Skip("files have no owner here")
	}
	me := os.Geteuid()
	path := filepath.Join(t.TempDir(), "keys.db")
	open := func(user int, more ...Option) *Store {
		store, err := Open(path, append(more, OwnedBy(user))...)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = store.Close() })
		return store
	}
	if err := open(me).Migrate(t.Context()); err != nil {
		t.Fatalf("the owner: %v", err)
	}
	before := names(t, filepath.Dir(path))
	stranger := open(me+1, MustExist())
	_, read := stranger.Confirm(t.Context())
	_, written := stranger.Update(t.Context(), func(storage.Tx) error { return nil })
	for name, err := range map[string]error{"migrate": stranger.Migrate(t.Context()), "read": read, "write": written} {
		refused, ok := errors.AsType[*StrangerError](err)
		if !ok || refused.Owner != me || refused.User != me+1 || refused.Path != path {
			t.Errorf("%s: got %v", name, err)
			continue
		}
		for _, part := range []string{path, userName(me), userName(me + 1)} {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%s: says %q, want %q in it", name, err, part)
			}
		}
	}
	if after := names(t, filepath.Dir(path)); after != before {
		t.Errorf("left %s beside the database, where %s was", after, before)
	}
}

func mustStat(t *testing.T, path string) os.FileInfo {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info
}

func names(t *testing.T, folder string) string {
	t.Helper()
	files, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, f := range files {
		all = append(all, f.Name())
	}
	return strings.Join(all, " ")
}

func TestUsersWithoutANameAreToldByTheirNumber(t *testing.T) {
	t.Parallel()
	if got := userName(1<<31 - 7); got != "user 2147483641" {
		t.Errorf("got %q", got)
	}
}
