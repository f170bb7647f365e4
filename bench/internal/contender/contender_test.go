package contender

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/keystile/keystile/bench/internal/keyset"
	"github.com/keystile/keystile/bench/internal/upstream"
	"github.com/keystile/keystile/internal/servertest"
	"github.com/keystile/keystile/internal/storage/postgres"
)

// Whoever doesn't do what the tables say of it isn't to be compared.
func TestEachContenderAdmitsKnownKeysRefusesOthersAndLimits(t *testing.T) {
	t.Parallel()
	common := surroundings(t)
	for _, c := range All() {
		t.Run(c.Name, func(t *testing.T) {
			place := common
			place.Dir = t.TempDir()
			place.Port, place.Side = freePort(t), freePort(t)
			running, err := c.Start(place)
			if err != nil {
				t.Fatal(err)
			}
			defer func() {
				if err := running.Stop(); err != nil {
					t.Error(err)
				}
				if t.Failed() {
					t.Log(running.Log())
				}
			}()
			check(t, c, place)
		})
	}
}

func check(t *testing.T, c *Contender, p Place) {
	if c.Refuses {
		want(t, p, p.Keys.Known[0], http.StatusUnauthorized)
		return
	}
	for _, key := range p.Keys.Known {
		want(t, p, key, http.StatusOK)
	}
	if c.Gate {
		want(t, p, p.Keys.Unknown[0], http.StatusUnauthorized)
		want(t, p, "", http.StatusUnauthorized)
	}
	const many = 50 // more than the limit lets through, however slow the machine
	denied := 0
	for range many {
		if ask(t, p, p.Keys.Known[1]) == http.StatusTooManyRequests {
			denied++
		}
	}
	if (denied > 0) != c.Limits {
		t.Errorf("%d of %d requests were refused for a limit", denied, many)
	}
	if c.Sums {
		if got := get(t, fmt.Sprintf("http://127.0.0.1:%d%s", p.Side, SumsPath), p.Keys.Token); got != http.StatusOK {
			t.Errorf("who asks for sums is answered %d", got)
		}
	}
}

func want(t *testing.T, p Place, key string, status int) {
	t.Helper()
	if got := ask(t, p, key); got != status {
		t.Errorf("%q: got %d, want %d", key, got, status)
	}
}

func ask(t *testing.T, p Place, key string) int {
	t.Helper()
	return get(t, fmt.Sprintf("http://127.0.0.1:%d/v1/projects/p1/items/7", p.Port), key)
}

// get returns the status that a bearer of something is answered with.
func get(t *testing.T, url, bearer string) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	if bearer != "" {
		r.Header.Set("Authorization", "Bearer "+bearer)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if err := answer.Body.Close(); err != nil {
		t.Error(err)
	}
	return answer.StatusCode
}

// surroundings are what every contender has to do with.
func surroundings(t *testing.T) Place {
	t.Helper()
	keys, err := keyset.Get(t.Context(), t.TempDir(), 5)
	must(t, err)
	p := Place{Keys: keys, Binary: filepath.Join(t.TempDir(), "caddy"), Limit: Limit{PerSecond: 1, Burst: 3}}
	build := exec.CommandContext(t.Context(), "go", "build", "-o", p.Binary, "../../cmd/caddy")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	said, err := build.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	api, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	served := make(chan error, 1)
	go func() { served <- upstream.Serve(api) }()
	t.Cleanup(func() {
		must(t, api.Close())
		must(t, <-served)
	})
	checker := httptest.NewServer(upstream.Checker(keys.Known))
	t.Cleanup(checker.Close)
	p.Upstream, p.Checker = portOf(api), portOf(checker.Listener)
	p.Postgres, p.Redis = shared(t, keys)
	return p
}

// shared starts what a fleet shares, and fills it with keys.
func shared(t *testing.T, keys *keyset.Set) (dsn, url string) {
	t.Helper()
	redis, err := servertest.NewRedis()
	must(t, err)
	t.Cleanup(func() { must(t, redis.Close()) })
	server, err := servertest.NewPostgres()
	must(t, err)
	t.Cleanup(func() { must(t, server.Close()) })
	must(t, server.Create("bench"))
	dsn = server.DSN("bench")
	cfg, err := postgres.ParseDSN(dsn)
	must(t, err)
	store := postgres.Open(cfg)
	must(t, keys.Fill(t.Context(), store))
	must(t, store.Close())
	return dsn, redis.URL()
}

func portOf(l net.Listener) int { return l.Addr().(*net.TCPAddr).Port }

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer func() { must(t, l.Close()) }()
	return portOf(l)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
