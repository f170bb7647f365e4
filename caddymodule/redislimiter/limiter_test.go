package redislimiter

import (
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/keystile/keystile/internal/limit"
)

func provision(url string) (*Limiter, error) {
	l := &Limiter{URL: url}
	return l, l.Provision(caddy.Context{})
}

func TestURLsOfManyKindsAreTaken(t *testing.T) {
	t.Setenv("KEYSTILE_TEST_REDIS", "rediss://user:p%40ss@redis.example.com:6380/3")
	for url, want := range map[string]string{
		"redis://localhost":         "localhost:6379",
		"redis://:secret@[::1]:7/2": "[::1]:7",
		"unix:///run/redis.sock":    "/run/redis.sock",
		"{env.KEYSTILE_TEST_REDIS}": "redis.example.com:6380",
	} {
		l, err := provision(url)
		if err != nil {
			t.Errorf("%s: %v", url, err)
			continue
		}
		if l.options.Addr != want {
			t.Errorf("%s: asks %s, want %s", url, l.options.Addr, want)
		}
		opened, err := l.Open()
		if err != nil {
			t.Fatal(err)
		}
		opened.(limit.Fleet).Stop()
	}
	l, _ := provision("{env.KEYSTILE_TEST_REDIS}")
	if o := l.options; o.Username != "user" || o.Password != "p@ss" || o.DB != 3 || o.TLSConfig == nil {
		t.Error("user, password, database or TLS got lost")
	}
}

func TestBadURLsAreRefusedWithoutRepeatingThem(t *testing.T) {
	t.Parallel()
	for _, url := range []string{
		"{env.KEYSTILE_TEST_UNSET}", "", "hunter2", "http://:hunter2@localhost", "redis://:hunter2@localhost:port",
		"redis://:hunter2/@localhost", "redis://:hunter2%zz@localhost", "redis://localhost/hunter2", "unix://", "redis://localhost?hunter2=1",
	} {
		_, err := provision(url)
		if err == nil {
			t.Errorf("%s is taken", url)
		} else if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: the error repeats it: %v", url, err)
		}
	}
}

func TestAnotherServerDatabaseOrPasswordIsAnotherEngine(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	for _, url := range []string{"redis://one", "redis://other", "redis://one/1", "redis://:hunter2@one", "rediss://one"} {
		l, err := provision(url)
		if err != nil {
			t.Fatal(err)
		}
		if other, taken := seen[l.Key()]; taken {
			t.Errorf("%s and %s share an engine", url, other)
		}
		if strings.Contains(l.Key(), "hunter2") {
			t.Error("the key holds the password")
		}
		seen[l.Key()] = url
	}
}

func TestCaddyfileTakesOneURL(t *testing.T) {
	t.Parallel()
	for text, fine := range map[string]bool{
		"redis redis://localhost": true, "redis": false, "redis redis://one redis://other": false, "redis redis://one {\n\tshare\n}": false,
	} {
		if err := new(Limiter).UnmarshalCaddyfile(caddyfile.NewTestDispenser(text)); (err == nil) != fine {
			t.Errorf("%s: %v", text, err)
		}
	}
}
