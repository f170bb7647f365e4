package e2e

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/servertest"
)

// soak is a gate and all that befalls it.
type soak struct {
	*office
	crowd *crowd
	saw   *register
	book  *book
	keys  map[string][]key // by what becomes of their calls; see soakKeys
	// store and redis are the lines to servers; nil: a file, and no Redis.
	store, redis *servertest.Proxy
	mishaps      map[string]int // how often each has happened
	taken        string         // an address that somebody else listens on
	awaited      sync.Map       // from the number of an upload to a channel that its arrival closes
}

const soakClients = 6

// soakPolicy has a route for each thing that clients do.
const soakPolicy = `
	workspace default
	environment live
	route GET /items read
	route POST /items write
	route GET /stream read
	route GET /socket read
	route POST /files read
	route GET /slow read {
		rate_limit live 5/s
	}
	route GET /metered read {
		quota 20/day
	}`

const soakApp = "cache_size 150\nmax_staleness 2s\nunknown_keys 50/s burst 50\nusage {\n flush_interval 200ms\n}\n"

// soakKeys are how many keys there are of each kind, and how they differ from a
// good one.
var soakKeys = map[string]struct {
	n    int
	fill func(*keys.Key)
}{
	"good":     {200, func(*keys.Key) {}},
	"revoked":  {5, func(k *keys.Key) { k.Status = keys.Revoked }},
	"inactive": {5, func(k *keys.Key) { k.Status = keys.Inactive }},
	"expired":  {5, func(k *keys.Key) { k.ExpiresAt = time.Now().Add(-time.Hour).UTC().Truncate(time.Microsecond) }},
	"test":     {5, func(k *keys.Key) { k.Environment = keys.Test }},
	"foreign":  {5, func(k *keys.Key) { k.Workspace = "elsewhere" }},
	"far":      {5, func(k *keys.Key) { k.AllowedIPs = []string{"10.0.0.1"} }},
}

func setupSoak(t *testing.T) *soak {
	t.Helper()
	s := &soak{saw: newRegister(), book: newBook(), mishaps: map[string]int{}, keys: map[string][]key{}}
	upstream := httptest.NewServer(s.upstream())
	t.Cleanup(upstream.Close)
	s.taken = upstream.Listener.Addr().String()
	o, at := withOffice(t, options{
		before: quiet, app: soakApp + "rate_limit live 1000/s", policy: soakPolicy,
		behind: "reverse_proxy " + s.taken + " {\n transport http {\n keepalive 1s\n }\n}",
	})
	database := s.lines(t, &o)
	g := prepare(t, o)
	if database != "" {
		g.db = database
		g.secret(databasePassword)
	}
	g.start()
	s.office = openOffice(g, at)
	s.crowd = newCrowd(g)
	g.must(nil, "workspaces", "create", "elsewhere")
	for kind, of := range soakKeys {
		s.keys[kind] = g.plant(of.n, func(_ int, k *keys.Key) {
			k.Scopes = []string{"read"}
			of.fill(k)
		})
	}
	return s
}

// lines puts proxies between the gate and the servers that it is to use, if
// any, and returns the address of its database behind them.
func (s *soak) lines(t *testing.T, o *options) (database string) {
	t.Helper()
	if os.Getenv(storeVariable) == "postgres" {
		database = newDatabase(t)
		direct := sharedPostgres(t).Address()
		s.store = newLine(t, direct)
		o.driver, o.store = "postgres", "{env."+databaseVariable+"}"
		o.env = append(o.env, databaseVariable+"="+strings.Replace(database, direct, s.store.Address(), 1))
	}
	if os.Getenv(limiterVariable) == "redis" {
		number := redisDatabase(t, t.Name())
		server, err := redisServer.Get()
		if err != nil {
			t.Fatal(err)
		}
		s.redis = newLine(t, server.Address())
		o.limiter = "redis " + strings.Replace(number, server.Address(), s.redis.Address(), 1)
	}
	return database
}

// upstream notes each call, and answers as long as it is asked to.
func (s *soak) upstream() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok\n") })
	mux.HandleFunc("GET /stream", func(w http.ResponseWriter, r *http.Request) { narrate(r.Context(), w) })
	mux.HandleFunc("GET /socket", func(w http.ResponseWriter, r *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			s.t.Error(err)
			return
		}
		answerWebSocket(arrival{head: r}, conn, nil)
		_ = conn.Close() // whichever end was first
	})
	mux.HandleFunc("POST /files", func(_ http.ResponseWriter, r *http.Request) {
		if arrived, ok := s.awaited.LoadAndDelete(r.Header.Get(callHeader)); ok {
			close(arrived.(chan struct{}))
		}
		_, _ = io.Copy(io.Discard, r.Body) // it may be cut
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.saw.note(r.Header)
		mux.ServeHTTP(w, r)
	})
}

// narrate sends an event every few milliseconds for as long as somebody listens.
func narrate(ctx context.Context, w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/event-stream")
	again := time.NewTicker(pulseEvery)
	defer again.Stop()
	for {
		if _, err := io.WriteString(w, "data: 1\n\n"); err != nil || http.NewResponseController(w).Flush() != nil {
			return
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return
		}
	}
}

// book is what clients note beside the tallies of keys.
type book struct {
	mu          sync.Mutex
	answers     map[string]int   // by code ("allowed"), or by what a client did
	unavailable map[string]int64 // answers for want of the store or of Redis, by the key's ID
	mishap      string           // the latest
	odd         []string         // what can't be, and the mishap then
}

func newBook() *book { return &book{answers: map[string]int{}, unavailable: map[string]int64{}} }

func (b *book) did(what string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.answers[what]++
}

func (b *book) during(mishap string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.mishap = mishap
}

func (b *book) wonder(format string, args ...any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.odd = append(b.odd, b.mishap+": "+fmt.Sprintf(format, args...))
}
