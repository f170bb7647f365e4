package e2e

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/keystile/keystile/internal/servertest"
	"github.com/keystile/keystile/internal/storage"
	"github.com/keystile/keystile/internal/storage/postgres"
	"github.com/keystile/keystile/internal/storage/sqlite"
)

// storeVariable names the store of all gates whose tests don't name one:
// KEYSTILE_E2E_STORE=postgres go test ./e2e
const storeVariable = "KEYSTILE_E2E_STORE"

// databaseVariable is where a gate finds the address of its database.
const databaseVariable = "DATABASE_URL"

// placed settles where a gate's store is. One with the PostgreSQL store gets a
// database of its own; the address holds a password, which must not leak.
func (g *gate) placed() {
	o := &g.options
	if o.driver == "" && o.store == "" && o.whole == "" {
		o.driver = os.Getenv(storeVariable)
	}
	if o.driver == "postgres" && o.store == "" {
		g.database = newDatabase(g.t)
		o.store, o.env = "{env."+databaseVariable+"}", append(o.env, databaseVariable+"="+g.database)
		g.secret(databasePassword)
	}
}

// openStore opens the gate's store as another process does.
func (g *gate) openStore() (storage.Store, error) {
	if g.database == "" {
		return sqlite.Open(g.db, sqlite.MustExist())
	}
	return openDatabase(g.database)
}

func openDatabase(address string) (storage.Store, error) {
	cfg, err := postgres.ParseDSN(address)
	if err != nil {
		return nil, err
	}
	return postgres.Open(cfg), nil
}

// postgresServer is one for all tests; it starts when the first one needs it.
var (
	postgresServer  = sync.OnceValues(func() (*servertest.Postgres, error) { return servertest.NewPostgres() })
	postgresStarted atomic.Bool
	databases       atomic.Int64
)

// databasePassword is one that the server doesn't ask for.
const databasePassword = "hush-Kd8x2vQ0bLz"

// newDatabase makes an empty database, and returns its address.
func newDatabase(t testing.TB) string {
	t.Helper()
	postgresStarted.Store(true)
	server, err := postgresServer()
	if err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("gate_%d", databases.Add(1))
	if err := server.Create(name); err != nil {
		t.Fatal(err)
	}
	return strings.Replace(server.DSN(name), "postgres@", "postgres:"+databasePassword+"@", 1)
}

func stopServers() {
	if !postgresStarted.Load() {
		return
	}
	if server, err := postgresServer(); err == nil {
		_ = server.Close() // it ends with this process at the latest
	}
}
