package postgresstore

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

const hush = "hush-3kd9"

func setup(t *testing.T, dsn string) *Store {
	t.Helper()
	s := &Store{DSN: dsn}
	if err := s.Provision(caddy.Context{}); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestConnectionStringMayComeFromTheEnvironment(t *testing.T) {
	t.Setenv("KEYSTILE_TEST_DATABASE", "postgres://ann:"+hush+"@db:6543/keys")
	s := setup(t, "{env.KEYSTILE_TEST_DATABASE}")
	if !strings.HasPrefix(s.Key(), "postgres:ann@db:6543/keys#") || s.DSN != "{env.KEYSTILE_TEST_DATABASE}" {
		t.Errorf("got %s of %s", s.Key(), s.DSN)
	}
}

func TestUnsetVariableInConnectionStringIsAnErrorThatNamesIt(t *testing.T) {
	t.Parallel()
	for _, dsn := range []string{"{env.KEYSTILE_TEST_UNSET}", "postgres://ann:{env.KEYSTILE_TEST_UNSET}@db/keys", "{KEYSTILE_TEST_UNSET}"} {
		err := (&Store{DSN: dsn}).Provision(caddy.Context{})
		if err == nil || !strings.Contains(err.Error(), "KEYSTILE_TEST_UNSET") {
			t.Errorf("%s: got %v", dsn, err)
		}
	}
	if err := new(Store).Provision(caddy.Context{}); err == nil {
		t.Error("a store without a connection string is no error")
	}
}

func TestPasswordIsInNoKeyAndInNoError(t *testing.T) {
	t.Parallel()
	s := setup(t, "postgres://ann:"+hush+"@127.0.0.1:9/keys")
	texts := []string{s.Key(), s.SpoolDir()}
	for _, create := range []bool{false, true} {
		store, err := s.OpenForCommand(create)
		if err != nil {
			t.Fatal(err)
		}
		err = store.Migrate(t.Context())
		if err == nil {
			t.Error("there is a server")
		}
		texts = append(texts, err.Error())
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	}
	odd := (&Store{DSN: "postgres://ann:" + hush + "@db:port/keys"}).Provision(caddy.Context{})
	for _, text := range append(texts, odd.Error()) {
		if strings.Contains(text, hush) {
			t.Errorf("the password is in %s", text)
		}
	}
}

// A new password has to come into force by a reload, and what waits for the
// database has to find it all the same.
func TestAnotherPasswordIsAnotherStoreOfTheSameDatabase(t *testing.T) {
	t.Parallel()
	one, two := setup(t, "postgres://ann:one@db/keys"), setup(t, "postgres://ann:two@db/keys")
	if one.Key() == two.Key() {
		t.Error("a new password would not be used")
	}
	if again := setup(t, "postgres://ann:one@db/keys"); again.Key() != one.Key() {
		t.Error("a reload that changes nothing would open another store")
	}
	if one.SpoolDir() != two.SpoolDir() || filepath.Dir(one.SpoolDir()) != filepath.Join(caddy.AppDataDir(), "keystile") {
		t.Errorf("got %s and %s", one.SpoolDir(), two.SpoolDir())
	}
	for _, other := range []string{"postgres://ann:one@db/others", "postgres://ann:one@db2/keys", "postgres://ann:one@db:1/keys", "postgres://ann:one@db/keys?search_path=other"} {
		if setup(t, other).SpoolDir() == one.SpoolDir() {
			t.Errorf("%s is taken for the same database", other)
		}
	}
}

func TestCaddyfileTakesOneConnectionString(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{ // want: the connection string, or an error's beginning
		"postgres {env.DATABASE_URL}":       "{env.DATABASE_URL}",
		`postgres "host=db dbname=keys"`:    "host=db dbname=keys",
		"postgres":                          "store postgres needs a connection string",
		`postgres ""`:                       "store postgres needs a connection string",
		"postgres host=db password=" + hush: "store postgres takes one connection string",
		"postgres x {\n\tpool 3\n}":         "store postgres takes one connection string",
	} {
		s := new(Store)
		err := s.UnmarshalCaddyfile(caddyfile.NewTestDispenser(text))
		got := s.DSN
		if err != nil {
			got = err.Error()
			if strings.Contains(got, hush) {
				t.Errorf("%s: the password is in %s", text, got)
			}
		}
		if got != want && !strings.HasPrefix(got, want) {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
	}
}
