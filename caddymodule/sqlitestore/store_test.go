package sqlitestore

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

func setup(t *testing.T, path string) *Store {
	t.Helper()
	s := &Store{Path: path}
	if err := s.Provision(caddy.Context{}); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestPathIsRelativeToTheWorkingDirectory(t *testing.T) {
	t.Parallel()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	s := setup(t, "./data/../keys.db")
	if want := "sqlite:" + filepath.Join(dir, "keys.db"); s.Key() != want {
		t.Errorf("got %s, want %s", s.Key(), want)
	}
	if want := s.file + ".spool"; s.SpoolDir() != want {
		t.Errorf("got %s, want %s", s.SpoolDir(), want)
	}
}

func TestPathIsInCaddysDataDirectoryUnlessStated(t *testing.T) {
	t.Parallel()
	want := "sqlite:" + filepath.Join(caddy.AppDataDir(), "keystile", "keys.db")
	if got := setup(t, "").Key(); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestPathMayComeFromTheEnvironment(t *testing.T) {
	t.Setenv("KEYSTILE_TEST_DATA", "/var/lib/keys")
	if got := setup(t, "{env.KEYSTILE_TEST_DATA}/keys.db").Key(); got != "sqlite:/var/lib/keys/keys.db" {
		t.Errorf("got %s", got)
	}
}

func TestUnsetVariableInPathIsAnErrorThatNamesIt(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"{env.KEYSTILE_TEST_UNSET}", "./{env.KEYSTILE_TEST_UNSET}/keys.db", "{KEYSTILE_TEST_UNSET}"} {
		err := (&Store{Path: path}).Provision(caddy.Context{})
		if err == nil || !strings.Contains(err.Error(), "KEYSTILE_TEST_UNSET") {
			t.Errorf("%s: got %v", path, err)
		}
	}
}

func TestOpeningTouchesNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := setup(t, filepath.Join(dir, "keys.db"))
	store, err := s.Open()
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Error(err)
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) > 0 {
		t.Error(files, err)
	}
}

func TestMissingDatabaseIsMadeOnlyWhereThatWasAskedFor(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "keys.db")
	s := setup(t, file)

	existing, err := s.OpenForCommand(false)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = existing.Close() })
	if err := existing.Migrate(t.Context()); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("got %v, want an error that names %s", err, file)
	}

	store, err := s.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	if err := store.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(file); err != nil {
		t.Error(err)
	}
}

func TestCaddyfileTakesOnePathOrNone(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{ // want: the path, or an error's beginning
		"sqlite":                   "",
		"sqlite ./keys.db":         "./keys.db",
		`sqlite "a b.db"`:          "a b.db",
		`sqlite ""`:                "store sqlite: the path is empty",
		"sqlite a.db b.db":         "store sqlite takes one path",
		"sqlite a.db {\n\twal\n}":  "store sqlite takes one path",
		"sqlite {\n\tpath a.db\n}": "store sqlite takes one path",
	} {
		s := new(Store)
		err := s.UnmarshalCaddyfile(caddyfile.NewTestDispenser(text))
		got := s.Path
		if err != nil {
			got = err.Error()
		}
		if got != want && (want == "" || !strings.HasPrefix(got, want)) {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
	}
}
