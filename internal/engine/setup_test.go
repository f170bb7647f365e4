package engine

import (
	"log/slog"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/limit/local"
	"github.com/keystile/keystile/internal/storage"
	"github.com/keystile/keystile/internal/storage/sqlite"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fixture is an engine on a database file, and a second store on the same
// file, as another process would have it.
type fixture struct {
	*Engine
	t      *testing.T
	path   string
	other  storage.Store
	format *keys.Format
	start  time.Time
	offset atomic.Int64
}

func setup(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{t: t, path: filepath.Join(t.TempDir(), "keys.db"), start: time.Now()}
	var err error
	f.format, err = keys.NewFormat(map[keys.Environment]string{keys.Live: "ks_live_", keys.Test: "ks_test_"}, nil)
	must(t, err)
	f.Engine = f.open(&Settings{MaxStaleness: time.Hour, FlushInterval: time.Hour, CacheSize: 1000})
	other, err := sqlite.Open(f.path)
	must(t, err)
	f.other = other
	t.Cleanup(func() { must(t, other.Close()) })
	return f
}

func (f *fixture) open(s *Settings) *Engine {
	f.t.Helper()
	e := f.idle()
	must(f.t, e.Start(f.t.Context(), s))
	return e
}

// openOn is open, by a store around the one of the file.
func (f *fixture) openOn(around *telling, s *Settings) *Engine {
	f.t.Helper()
	store, err := sqlite.Open(f.path)
	must(f.t, err)
	around.Store = store
	e := f.engine(around)
	must(f.t, e.Start(f.t.Context(), s))
	return e
}

// idle makes an engine that isn't started.
func (f *fixture) idle() *Engine {
	f.t.Helper()
	store, err := sqlite.Open(f.path)
	must(f.t, err)
	return f.engine(store)
}

func (f *fixture) engine(store storage.Store) *Engine {
	f.t.Helper()
	e, err := New(Config{
		Store: store, Limiter: local.New(f.start), Now: f.now,
		Log: slog.New(slog.DiscardHandler), Stats: new(Stats), SpoolDir: filepath.Join(filepath.Dir(f.path), "spool"),
	})
	must(f.t, err)
	f.t.Cleanup(func() { must(f.t, e.Hurry(0)) })
	return e
}

func (f *fixture) now() time.Time { return f.start.Add(time.Duration(f.offset.Load())) }

// key makes a key through a store, and returns its secret.
func (f *fixture) key(through storage.Store, change func(*keys.Key)) (*keys.Key, string) {
	f.t.Helper()
	secret := f.format.Mint(keys.Live)
	k := &keys.Key{
		ID: keys.NewID(), Digest: keys.FingerprintOf(secret.Reveal()), Name: "a key", Hint: f.format.Hint(secret),
		Status: keys.Active, Kind: keys.CI, Environment: keys.Live, Workspace: storage.DefaultWorkspace,
		CreatedAt: f.start.UTC().Truncate(time.Microsecond),
	}
	k.Lineage = k.ID
	if change != nil {
		change(k)
	}
	f.update(through, func(tx storage.Tx) error { return tx.InsertKey(f.t.Context(), k) })
	return k, secret.Reveal()
}

func (f *fixture) revoke(through storage.Store, k *keys.Key) {
	f.t.Helper()
	k.Status = keys.Revoked
	f.update(through, func(tx storage.Tx) error { return tx.UpdateKey(f.t.Context(), k) })
}

func (f *fixture) update(through storage.Store, fn func(storage.Tx) error) {
	f.t.Helper()
	_, err := through.Update(f.t.Context(), fn)
	must(f.t, err)
}

// status is what the engine takes a secret's key for; empty: nobody's.
func (f *fixture) status(secret string) keys.Status {
	f.t.Helper()
	entry, found, err := f.Find(f.t.Context(), secret, f.now())
	must(f.t, err)
	if !found {
		return ""
	}
	return entry.Principal.Status
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
