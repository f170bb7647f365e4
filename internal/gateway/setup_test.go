package gateway_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/engine"
	"github.com/keystile/keystile/internal/gateway"
	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/limit"
	"github.com/keystile/keystile/internal/limit/local"
	"github.com/keystile/keystile/internal/policy"
	"github.com/keystile/keystile/internal/storage"
	"github.com/keystile/keystile/internal/storage/sqlite"
)

// fixture is a gate on a real store, with a clock that stands still.
type fixture struct {
	t      testing.TB
	store  *faulty
	engine *engine.Engine
	format *keys.Format
	gate   *gateway.Gate
	offset atomic.Int64 // of the clock, in nanoseconds
	start  time.Time
	path   string

	settings engine.Settings // of its start
}

// faulty is a store whose catalogue may be out of reach, and that may have a
// key for every secret, of whose use it forgets everything.
type faulty struct {
	storage.Store
	noCatalogue atomic.Bool
	everybody   atomic.Pointer[storage.Lookup]
}

// crowd has the store know every secret from now on, by keys like the one of
// some secret: a million take long to store.
func (s *faulty) crowd(t testing.TB, bearer string) {
	t.Helper()
	one, err := s.Store.Lookup(t.Context(), []keys.Digest{keys.FingerprintOf(strings.TrimPrefix(bearer, "Bearer "))})
	must(t, err)
	s.everybody.Store(&one)
}

func (s *faulty) Lookup(ctx context.Context, digests []keys.Digest) (storage.Lookup, error) {
	like := s.everybody.Load()
	if like == nil {
		return s.Store.Lookup(ctx, digests)
	}
	key := *like.Key
	key.ID = keys.NewID()
	key.Digest, key.Lineage, key.Scopes = digests[0], key.ID, slices.Clone(key.Scopes)
	return storage.Lookup{Key: &key, Revision: like.Revision, NewestScheme: like.NewestScheme}, nil
}

func (s *faulty) Catalogue(ctx context.Context) (storage.Catalogue, error) {
	if s.noCatalogue.Load() {
		return storage.Catalogue{}, errors.New("out of reach")
	}
	return s.Store.Catalogue(ctx)
}

type option func(*gateway.Config)

func withLimit(env keys.Environment, rate string, burst int64) option {
	return func(c *gateway.Config) {
		parsed, err := limit.ParseRate(rate, burst)
		if err != nil {
			panic(err)
		}
		if c.Limits.Default == nil {
			c.Limits.Default = map[keys.Environment]*limit.Limit{}
		}
		c.Limits.Default[env] = &limit.Limit{Name: string(env), Rate: parsed}
	}
}

// setup starts a gate with the routes; without any, every valid key passes.
func setup(t testing.TB, routes []*policy.Route, options ...option) *fixture {
	t.Helper()
	f := &fixture{t: t, start: time.Now(), path: filepath.Join(t.TempDir(), "keys.db")}
	f.open(routes, options...)
	return f
}

func (s *faulty) ApplyUsage(ctx context.Context, batch storage.UsageBatch) error {
	if s.everybody.Load() != nil {
		return nil
	}
	return s.Store.ApplyUsage(ctx, batch)
}

func (f *fixture) now() time.Time { return f.start.Add(time.Duration(f.offset.Load())) }

// open starts a gate on the fixture's file, as a new process would.
func (f *fixture) open(routes []*policy.Route, options ...option) {
	t, now := f.t, f.now
	t.Helper()
	store, err := sqlite.Open(f.path)
	must(t, err)
	f.store = &faulty{Store: store}
	f.format, err = keys.NewFormat(map[keys.Environment]string{keys.Live: "ks_live_", keys.Test: "ks_test_"}, nil)
	must(t, err)
	f.engine, err = engine.New(engine.Config{
		Store: f.store, Limiter: local.New(now()), Now: now,
		Log: slog.New(slog.DiscardHandler), Stats: new(engine.Stats),
	})
	must(t, err)
	f.settings = engine.DefaultSettings
	f.settings.MaxStaleness = 24 * time.Hour // the clock stands still, the poll doesn't matter here
	f.settings.FlushInterval = time.Hour     // tests flush when they look
	settings := f.settings
	must(t, f.engine.Start(t.Context(), &settings))
	t.Cleanup(func() { must(t, f.engine.Hurry(0)) })

	table, err := policy.NewTable(routes)
	must(t, err)
	cfg := gateway.Config{
		Engine: f.engine, Format: f.format, Now: now,
		Site: &policy.Site{Table: table, DefaultAllow: len(routes) == 0},
	}
	for _, change := range options {
		change(&cfg)
	}
	f.gate, err = gateway.New(cfg)
	must(t, err)
}

// key stores a key and returns its secret.
func (f *fixture) key(change func(*keys.Key)) (keys.ID, string) {
	f.t.Helper()
	id, secrets := f.keys(1, change)
	return id[0], secrets[0]
}

func (f *fixture) keys(n int, change func(*keys.Key)) (ids []keys.ID, secrets []string) {
	f.t.Helper()
	_, err := f.store.Update(f.t.Context(), func(tx storage.Tx) error {
		for i := range n {
			k := &keys.Key{
				ID: keys.NewID(), Name: fmt.Sprintf("key %d", i), Status: keys.Active, Kind: keys.CI, Environment: keys.Live,
				Workspace: storage.DefaultWorkspace, CreatedAt: f.start.UTC().Truncate(time.Microsecond),
			}
			if change != nil {
				change(k)
			}
			secret := f.format.Mint(k.Environment)
			k.Digest, k.Hint, k.Lineage = keys.FingerprintOf(secret.Reveal()), f.format.Hint(secret), k.ID
			if err := tx.InsertKey(f.t.Context(), k); err != nil {
				return err
			}
			ids, secrets = append(ids, k.ID), append(secrets, secret.Reveal())
		}
		return nil
	})
	must(f.t, err)
	return ids, secrets
}

// ask decides about one request; an empty secret sends none.
func (f *fixture) ask(method, path, secret string) *gateway.Call {
	f.t.Helper()
	r := httptest.NewRequest(method, path, http.NoBody)
	if secret != "" {
		r.Header.Set("Authorization", "Bearer "+secret)
	}
	c := &gateway.Call{Request: r}
	f.gate.Decide(c)
	return c
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
