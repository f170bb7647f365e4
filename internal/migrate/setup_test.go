package migrate

import (
	"context"
	"crypto/sha256"
	"fmt"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/servertest"
	"github.com/keystile/keystile/internal/storage"
	"github.com/keystile/keystile/internal/storage/postgres"
	"github.com/keystile/keystile/internal/storage/sqlite"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

var (
	server    = servertest.Share(func() (*servertest.Postgres, error) { return servertest.NewPostgres() })
	databases atomic.Int64
)

func TestMain(m *testing.M) { servertest.Main(m, server.Close) }

// onSQLite is a new store in a file.
func onSQLite(t *testing.T) Store {
	t.Helper()
	return openSQLite(t, filepath.Join(t.TempDir(), "keys.db"))
}

func openSQLite(t *testing.T, path string, opts ...sqlite.Option) Store {
	t.Helper()
	s, err := sqlite.Open(path, append(opts, sqlite.Part())...)
	must(t, err)
	return migrated(t, s)
}

// onPostgres is a new store in a database.
func onPostgres(t *testing.T) Store {
	t.Helper()
	return openPostgres(t, newDatabase(t))
}

func newDatabase(t *testing.T) string {
	t.Helper()
	p, err := server.Get()
	must(t, err)
	name := fmt.Sprintf("test_%d", databases.Add(1))
	must(t, p.Create(name))
	return p.DSN(name)
}

func openPostgres(t *testing.T, dsn string) Store {
	t.Helper()
	cfg, err := postgres.ParseDSN(dsn)
	must(t, err)
	return migrated(t, postgres.Open(cfg, postgres.Part()))
}

func migrated(t *testing.T, s Store) Store {
	t.Helper()
	t.Cleanup(func() { must(t, s.Close()) })
	must(t, s.Migrate(t.Context()))
	return s
}

// ways are the pairs of stores that a migration goes between.
var ways = map[string]struct{ from, to func(*testing.T) Store }{
	"from SQLite to PostgreSQL": {onSQLite, onPostgres},
	"from PostgreSQL to SQLite": {onPostgres, onSQLite},
}

// eachWay runs a test from SQLite to PostgreSQL, and back.
func eachWay(t *testing.T, test func(t *testing.T, from, to Store)) {
	t.Parallel()
	for name, way := range ways {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, way.from(t), way.to(t))
		})
	}
}

// migration is one between two stores, in a test's time.
func migration(from, to Store) *Migration {
	return &Migration{From: from, To: to, Now: func() time.Time { return noon }, Patience: 20 * time.Millisecond}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func digestOf(text string) keys.Digest { return sha256.Sum256([]byte(text)) }

func update(t *testing.T, s Store, fn func(context.Context, storage.Tx) error) {
	t.Helper()
	_, err := s.Update(t.Context(), func(tx storage.Tx) error { return fn(t.Context(), tx) })
	must(t, err)
}

const oddText = "Ünïcödé 鍵 🗝️ 'quoted' \"twice\" \\ % _ ?1"

// oddKeys are keys of every kind.
func oddKeys() []*keys.Key {
	last := time.Date(9999, 12, 31, 23, 59, 59, 999999000, time.UTC)
	plain := func(id keys.ID, change func(*keys.Key)) *keys.Key {
		k := &keys.Key{
			ID: id, Digest: digestOf(string(id)), Name: "Key " + string(id), Hint: "ks_live_abc…wxyz", Status: keys.Active,
			Kind: keys.Personal, Environment: keys.Live, Workspace: storage.DefaultWorkspace, CreatedAt: noon, Lineage: id,
		}
		change(k)
		return k
	}
	return []*keys.Key{
		plain("key_plain", func(*keys.Key) {}),
		plain("key_unicode", func(k *keys.Key) {
			k.Name, k.Description, k.Owner, k.CreatedBy = oddText, oddText, oddText, oddText
			k.Metadata = map[string]string{oddText: oddText, "nul": "\x00", "": ""}
			k.Scopes = []string{"read:projects", oddText}
		}),
		plain("key_inactive", func(k *keys.Key) { k.Status, k.Environment = keys.Inactive, keys.Test }),
		plain("key_revoked", func(k *keys.Key) { k.Status, k.Kind = keys.Revoked, keys.CI }),
		plain("key_expired", func(k *keys.Key) { k.ExpiresAt = noon.Add(-time.Microsecond) }),
		plain("key_last", func(k *keys.Key) { k.ExpiresAt = last }),
		plain("key_early", func(k *keys.Key) { k.CreatedAt = time.Date(1969, 12, 31, 23, 59, 59, 1000, time.UTC) }),
		plain("key_peppered", func(k *keys.Key) { k.Pepper = "0123456789abcdef" }),
		plain("key_foreign", func(k *keys.Key) { k.Digest, k.Workspace = digestOf("foreign"), "acme" }),
		plain("key_old", func(k *keys.Key) { k.ReplacedBy, k.AllowedIPs = "key_new", []string{"192.0.2.0/24", "2001:db8::1"} }),
		plain("key_new", func(k *keys.Key) {
			k.Replaces, k.Lineage = "key_old", "key_old"
			k.Workspace, k.Project, k.Kind, k.Profile, k.Plan = "acme", "apollo", keys.Project, "calm", "pro"
		}),
	}
}

// furnish puts rows of every kind into a store, and many of some.
func furnish(t *testing.T, s Store, many int) {
	t.Helper()
	update(t, s, furniture)
	update(t, s, func(ctx context.Context, tx storage.Tx) error {
		for i := range many {
			id := keys.ID(fmt.Sprintf("key_many_%05d", i))
			k := &keys.Key{ID: id, Digest: digestOf(string(id)), Name: "One of many", Status: keys.Active, Kind: keys.CI,
				Environment: keys.Live, Workspace: "acme", CreatedAt: noon.Add(time.Duration(i)), Lineage: id}
			if err := tx.InsertKey(ctx, k); err != nil {
				return err
			}
		}
		return nil
	})
	update(t, s, func(ctx context.Context, tx storage.Tx) error { return tx.DeleteKey(ctx, "key_deleted") })
	must(t, s.ApplyUsage(t.Context(), usageBatch("node-a", 1, "key_plain", "key_unicode", "key_deleted")))
	must(t, s.ApplyUsage(t.Context(), usageBatch("node-a", 2, "key_plain", "key_new")))
	must(t, s.ApplyUsage(t.Context(), usageBatch("node-b", 1, "key_plain", "key_gone")))
}

func furniture(ctx context.Context, tx storage.Tx) error {
	steps := []func() error{
		func() error {
			return tx.InsertWorkspace(ctx, storage.Workspace{Name: "acme", Plan: "pro", CreatedAt: noon})
		},
		func() error {
			return tx.InsertProject(ctx, storage.Project{Name: "apollo", Workspace: "acme", CreatedAt: noon})
		},
		func() error {
			return tx.InsertProfile(ctx, storage.Profile{Name: "calm", Workspace: "acme", CreatedAt: noon})
		},
		func() error {
			return tx.InsertScheme(ctx, keys.Scheme{ID: "sch_2", Algorithm: "sha512"})
		},
		func() error {
			return tx.InsertScheme(ctx, keys.Scheme{ID: "sch_1", Algorithm: "hmac-sha256", Key: keys.NewSecret("old\x00key\xff")})
		},
		func() error {
			return tx.InsertToken(ctx, &keys.Token{ID: "tok_1", Digest: digestOf("tok_1"), Name: oddText, Hint: "kst_abc", CreatedAt: noon})
		},
		func() error {
			return tx.InsertToken(ctx, &keys.Token{ID: "tok_2", Digest: digestOf("tok_2"), Pepper: "0123456789abcdef", Name: "ends",
				Workspace: "acme", CreatedBy: "token:tok_1", CreatedAt: noon, ExpiresAt: noon.Add(time.Hour)})
		},
		func() error {
			return tx.PutCreation(ctx, storage.Creation{Caller: "token:tok_1", Key: digestOf("again"), Operation: "key.create", Request: digestOf("ask"),
				Made: "key_plain", Time: noon})
		},
		func() error {
			return tx.InsertKey(ctx, &keys.Key{ID: "key_deleted", Digest: digestOf("key_deleted"), Name: "Deleted", Status: keys.Active,
				Kind: keys.CI, Environment: keys.Live, Workspace: "acme", Project: "apollo", CreatedAt: noon, Lineage: "key_deleted"})
		},
	}
	for _, k := range oddKeys() {
		steps = append(steps, func() error { return tx.InsertKey(ctx, k) })
	}
	for i := range 5 {
		steps = append(steps, func() error { return tx.AppendAudit(ctx, entry(fmt.Sprintf("aud_%d", 5-i))) })
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func entry(id string) storage.AuditEntry {
	return storage.AuditEntry{
		ID: id, Time: noon, Workspace: storage.DefaultWorkspace, Actor: "command:ann", Action: "key.create", KeyID: "key_plain",
		Changes: map[string]storage.FieldChange{"name": {From: nil, To: oddText}}, Reason: oddText, Client: "192.0.2.7",
	}
}

// usageBatch counts a call of each key, and notes it.
func usageBatch(node string, sequence int64, ids ...keys.ID) storage.UsageBatch {
	b := storage.UsageBatch{Incarnation: node, Sequence: sequence}
	for i, id := range ids {
		at := noon.Add(time.Duration(i) * time.Minute)
		b.Cells = append(b.Cells,
			storage.UsageCell{KeyID: id, Hour: noon, Endpoint: "GET /v1/" + oddText, Outcome: "2xx", Count: 3, Cost: 7, Last: at},
			storage.UsageCell{KeyID: id, Hour: noon, Endpoint: "default", Project: "(other)", Outcome: "rate_limited", Denied: true, Count: 1, Last: at})
		b.Calls = append(b.Calls, storage.NotedCall{KeyID: id, At: at, Method: "GET", Endpoint: "default", Status: 200, Client: "192.0.2.7",
			Missed: sequence})
		b.Denials = append(b.Denials, storage.Denial{RequestID: denialID(id, sequence), KeyID: id, At: at, Gate: ":443 " + oddText, Method: "GET",
			Endpoint: "default", Path: "/v1/{}", Project: "(other)", Code: "rate_limited", Client: "192.0.2.7"})
	}
	return b
}

func denialID(id keys.ID, sequence int64) string { return fmt.Sprintf("%s/%d", id, sequence) }

func has(text string, words ...string) bool {
	for _, word := range words {
		if !strings.Contains(text, word) {
			return false
		}
	}
	return true
}
