package postgres

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/servertest"
	"github.com/keystile/keystile/internal/storage"
	"github.com/keystile/keystile/internal/storage/storagetest"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// server is the one of all tests that do it no harm.
var server = servertest.Share(func() (*servertest.Postgres, error) { return servertest.NewPostgres("max_connections=500") })

var databases atomic.Int64

func TestMain(m *testing.M) { servertest.Main(m, server.Close) }

// shared is the server that all tests share.
func shared(t testing.TB) *servertest.Postgres {
	t.Helper()
	p, err := server.Get()
	must(t, err)
	return p
}

// own is a server that a test may harm.
func own(t testing.TB, settings ...string) *servertest.Postgres {
	t.Helper()
	p, err := servertest.NewPostgres(settings...)
	must(t, err)
	t.Cleanup(func() { must(t, p.Close()) })
	return p
}

// empty makes an empty database, and returns its address.
func empty(t testing.TB, p *servertest.Postgres) string {
	t.Helper()
	name := fmt.Sprintf("test_%d", databases.Add(1))
	must(t, p.Create(name))
	return p.DSN(name)
}

// setup opens a new database with its schema.
func setup(t testing.TB, opts ...Option) *Store {
	t.Helper()
	s := open(t, empty(t, shared(t)), opts...)
	must(t, s.Migrate(t.Context()))
	return s
}

// open opens a store until the test ends.
func open(t testing.TB, dsn string, opts ...Option) *Store {
	t.Helper()
	cfg, err := ParseDSN(dsn)
	must(t, err)
	s := Open(cfg, opts...)
	t.Cleanup(func() { must(t, s.Close()) })
	return s
}

// suite is a database whose schemas tests share: they are made much faster.
var suite = sync.OnceValues(func() (string, error) {
	p, err := server.Get()
	if err != nil {
		return "", err
	}
	return p.DSN("suite"), p.Create("suite")
})

// schema makes an empty schema, and returns the address of its database with
// it.
func schema(t testing.TB) string {
	t.Helper()
	shared(t)
	dsn, err := suite()
	must(t, err)
	c, err := pgx.Connect(t.Context(), dsn)
	must(t, err)
	name := fmt.Sprintf("test_%d", databases.Add(1))
	mustExec(t, c, "CREATE SCHEMA "+name)
	must(t, c.Close(t.Context()))
	return dsn + "&search_path=" + name
}

func TestPostgres(t *testing.T) {
	t.Parallel()
	storagetest.Run(t, func(t *testing.T) storagetest.Place {
		t.Helper()
		dsn := schema(t)
		return func(t *testing.T) storage.Store {
			t.Helper()
			return open(t, dsn)
		}
	})
}

func newKey(id keys.ID) *keys.Key {
	return &keys.Key{
		ID: id, Digest: sha256.Sum256([]byte(id)), Name: "Key " + string(id), Hint: "hint", Status: keys.Active,
		Environment: keys.Live, Scopes: []string{"read"}, AllowedIPs: []string{"192.0.2.1"}, Workspace: storage.DefaultWorkspace,
		CreatedAt: noon, Lineage: id,
	}
}

// insert stores a key in an Update of its own.
func insert(ctx context.Context, s *Store, id keys.ID) (storage.Revision, error) {
	return s.Update(ctx, func(tx storage.Tx) error { return tx.InsertKey(ctx, newKey(id)) })
}

func find(ctx context.Context, s *Store, id keys.ID) (*keys.Key, error) {
	found, err := s.Lookup(ctx, []keys.Digest{newKey(id).Digest})
	return found.Key, err
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// raw is a connection beside everything that is tested.
func raw(t testing.TB, s *Store) *pgx.Conn {
	t.Helper()
	c, err := pgx.ConnectConfig(t.Context(), s.cfg.pool.ConnConfig)
	must(t, err)
	t.Cleanup(func() { must(t, c.Close(context.WithoutCancel(t.Context()))) })
	return c
}

func mustExec(t testing.TB, c *pgx.Conn, statement string, args ...any) {
	t.Helper()
	_, err := c.Exec(t.Context(), statement, args...)
	must(t, err)
}

// cut ends all connections to a store's database but this one.
const cut = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`

// wantUnknown checks for an error that is no answer.
func wantUnknown(t testing.TB, what string, err error) {
	t.Helper()
	if err == nil {
		t.Errorf("%s: no error", what)
	}
	for _, sentinel := range []error{storage.ErrNotFound, storage.ErrExists, storage.ErrGap, storage.ErrOutOfOrder} {
		if errors.Is(err, sentinel) {
			t.Errorf("%s: %v is an answer", what, err)
		}
	}
}

// eventually asks again until the test's time is over.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	late := time.After(20 * time.Second)
	for !holds() {
		select {
		case <-late:
			t.Fatalf("never %s", what)
		case <-time.After(10 * time.Millisecond):
		}
	}
}
