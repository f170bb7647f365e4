package sqlite

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

// files lists a folder.
func files(t *testing.T, folder string) []string {
	t.Helper()
	entries, err := os.ReadDir(folder)
	must(t, err)
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}

func TestOnlyMigrateMakesADatabase(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	path := filepath.Join(folder, "new", "folder", "keys.db")
	s := open(t, path)
	ctx := t.Context()
	calls := map[string]func() error{
		"Lookup":     func() error { _, err := s.Lookup(ctx, []keys.Digest{{1}}); return err },
		"Catalogue":  func() error { _, err := s.Catalogue(ctx); return err },
		"Confirm":    func() error { _, err := s.Confirm(ctx); return err },
		"Changes":    func() error { _, err := s.Changes(ctx, storage.Position{}, 1); return err },
		"View":       func() error { return s.View(ctx, func(storage.Reader) error { return nil }) },
		"Update":     func() error { _, err := s.Update(ctx, func(storage.Tx) error { return nil }); return err },
		"ApplyUsage": func() error { return s.ApplyUsage(ctx, storage.UsageBatch{Incarnation: "a", Sequence: 1}) },
		"PruneUsage": func() error { _, err := s.PruneUsage(ctx, storage.UsagePrune{Limit: 1}); return err },
	}
	for what, call := range calls {
		if missing := (*NoDatabaseError)(nil); !errors.As(call(), &missing) || missing.Path != path {
			t.Errorf("%s: got %v, want an error that names %s", what, call(), path)
		}
	}
	if made := files(t, folder); len(made) != 0 {
		t.Fatalf("%v were made", made)
	}
	must(t, s.Migrate(ctx))
	for what, call := range calls {
		if err := call(); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestMigrateRefusesToMakeADatabaseThatMustExist(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	path := filepath.Join(folder, "keys.db")
	err := open(t, path, MustExist()).Migrate(t.Context())
	if missing := (*NoDatabaseError)(nil); !errors.As(err, &missing) || !strings.Contains(err.Error(), path) {
		t.Errorf("got %v, want an error that names %s", err, path)
	}
	if made := files(t, folder); len(made) != 0 {
		t.Errorf("%v were made", made)
	}
	must(t, open(t, path).Migrate(t.Context()))
	must(t, open(t, path, MustExist()).Migrate(t.Context()))
}

func TestOthersCanNotReadTheDatabase(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "data")
	s := open(t, filepath.Join(folder, "keys.db"))
	must(t, s.Migrate(t.Context()))
	must(t, insert(t.Context(), s, "key_a"))
	if info, err := os.Stat(folder); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("got a folder of mode %v (%v)", info.Mode(), err)
	}
	for _, name := range files(t, folder) {
		if info, err := os.Stat(filepath.Join(folder, name)); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("got %s of mode %v (%v)", name, info.Mode(), err)
		}
	}
}

func TestMigrateDoesNotWriteToADatabaseThatIsUpToDate(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	path := filepath.Join(folder, "keys.db")
	first := open(t, path)
	must(t, first.Migrate(t.Context()))
	must(t, first.Close())
	before, err := os.ReadFile(path)
	must(t, err)
	must(t, os.Chtimes(path, noon, noon))

	second := open(t, path)
	must(t, second.Migrate(t.Context()))
	must(t, second.Close())
	after, err := os.ReadFile(path)
	must(t, err)
	info, err := os.Stat(path)
	must(t, err)
	if !slices.Equal(before, after) || !info.ModTime().Equal(noon) {
		t.Errorf("the file was written at %v", info.ModTime().Format(time.RFC3339))
	}
	if left := files(t, folder); !slices.Equal(left, []string{"keys.db"}) {
		t.Errorf("got files %v", left)
	}
}

func TestPathsMayHoldAnyCharacter(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"a b.db", "a?b=c&d.db", "a#b.db", "a%20b.db", "ä'\".db", ":memory:", "file:x.db"} {
		folder := t.TempDir()
		s := open(t, filepath.Join(folder, name))
		must(t, s.Migrate(t.Context()))
		must(t, insert(t.Context(), s, "key_a"))
		if made := files(t, folder); !slices.Contains(made, name) {
			t.Errorf("got files %q, want %q", made, name)
		}
	}
	if _, err := Open(""); err == nil {
		t.Error("an empty path was taken")
	}
}

func TestNewerSchemaIsLeftAlone(t *testing.T) {
	t.Parallel()
	s := setup(t)
	mustExec(t, raw(t, s.path), `INSERT INTO schema_version (version_id, is_applied) VALUES (999, 1)`)
	must(t, s.Migrate(t.Context()))
	must(t, insert(t.Context(), s, "key_a"))
}

func TestANewDatabaseIsReportedOnce(t *testing.T) {
	t.Parallel()
	path, reported := filepath.Join(t.TempDir(), "new", "keys.db"), []string(nil)
	for range 2 {
		s, err := Open(path, OnCreate(func(path string) { reported = append(reported, path) }))
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(s.Migrate(t.Context()), s.Close()); err != nil {
			t.Fatal(err)
		}
	}
	if !slices.Equal(reported, []string{path}) {
		t.Errorf("reported %q", reported)
	}
}
