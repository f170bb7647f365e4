package e2e

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver pgx of openSQL

	"github.com/keystile/keystile/internal/servertest"
	"github.com/keystile/keystile/internal/storage"
	"github.com/keystile/keystile/internal/storage/postgres"
	"github.com/keystile/keystile/internal/storage/sqlite"
)

// storeVariable names the store of all gates whose tests don't name one:
// KEYSTILE_E2E_STORE=postgres go test ./e2e
const storeVariable = "KEYSTILE_E2E_STORE"

// limiterVariable is the same for limiters: KEYSTILE_E2E_LIMITER=redis
const limiterVariable = "KEYSTILE_E2E_LIMITER"

// databaseVariable is where a gate finds the address of its database.
const databaseVariable = "DATABASE_URL"

// placed settles where a gate's store is. One with the PostgreSQL store gets a
// database of its own, unless its options name one; the address holds a
// password, which must not leak.
func (g *gate) placed() {
	o := &g.options
	if o.driver == "" && o.store == "" && o.whole == "" {
		o.driver = os.Getenv(storeVariable)
	}
	if o.driver == "postgres" && o.store == "" {
		o.store = newDatabase(g.t)
	}
	if onServer(o.store) {
		o.driver, o.env, g.db = "postgres", append(o.env, databaseVariable+"="+o.store), o.store
		g.secret(databasePassword)
	}
	o.limitedWith(g.t, g.db)
}

// limitedWith settles where a gate's limits are counted: with those of all gates
// that share a database.
func (o *options) limitedWith(t testing.TB, database string) {
	t.Helper()
	if o.limiter == "" && os.Getenv(limiterVariable) == "redis" {
		o.limiter = "redis " + redisDatabase(t, database)
	}
}

// another is where a gate can have another database of the same kind.
func (g *gate) another() string {
	if onServer(g.db) {
		return newDatabase(g.t)
	}
	return filepath.Join(g.dir, fmt.Sprintf("other_%d.db", databases.Add(1)))
}

// storeLine is the option of the store. The address of a database is in the
// gate's environment, or written out where that has another one.
func (o options) storeLine() string {
	switch {
	case !onServer(o.store):
		return "store " + orElse(o.driver, "sqlite") + " " + orElse(o.store, "$DIR/keys.db")
	case slices.Contains(o.env, databaseVariable+"="+o.store):
		return "store postgres {env." + databaseVariable + "}"
	}
	return "store postgres " + o.store
}

// limiterLine is the option of the limiter, unless the test has one of its own.
func (o options) limiterLine() string {
	if o.limiter == "" || namesLimiter.MatchString(o.app) {
		return ""
	}
	return "limiter " + o.limiter
}

var namesLimiter = regexp.MustCompile(`(?m)^\s*limiter\s`)

// onServer reports whether a database is on a server, and no file.
func onServer(database string) bool { return strings.HasPrefix(database, "postgres://") }

// openStore opens a database as another process does.
func openStore(database string) (storage.Store, error) {
	if !onServer(database) {
		return sqlite.Open(database, sqlite.MustExist())
	}
	cfg, err := postgres.ParseDSN(database)
	if err != nil {
		return nil, err
	}
	return postgres.Open(cfg), nil
}

// openSQL opens a database for statements of the test's own.
func openSQL(database string) (*sql.DB, error) {
	if !onServer(database) {
		return sql.Open("sqlite", "file:"+database+"?mode=rw&_pragma=busy_timeout(5000)")
	}
	return sql.Open("pgx", database)
}

// postgresServer is one for all tests; it starts when the first one needs it.
var (
	postgresServer = servertest.Share(func() (*servertest.Postgres, error) { return servertest.NewPostgres() })
	databases      atomic.Int64
)

// databasePassword is one that the server doesn't ask for.
const databasePassword = "hush-Kd8x2vQ0bLz"

// newDatabase makes an empty database, and returns its address.
func newDatabase(t testing.TB) string {
	t.Helper()
	server := sharedPostgres(t)
	name := fmt.Sprintf("gate_%d", databases.Add(1))
	if err := server.Create(name); err != nil {
		t.Fatal(err)
	}
	return withPassword(server.DSN(name))
}

// withPassword is an address whose password nobody asks for.
func withPassword(address string) string {
	return strings.Replace(address, "postgres@", "postgres:"+databasePassword+"@", 1)
}

// redisDatabases is how many gates can have one of their own.
const redisDatabases = 10_000

// redisServer is one for all gates whose tests don't name a limiter. Gates on
// one database share their limits, as a fleet does; others share nothing.
var (
	redisServer = servertest.Share(func() (*servertest.Redis, error) {
		return servertest.NewRedis("--databases", strconv.Itoa(redisDatabases))
	})
	redisPlaces = struct {
		sync.Mutex
		of map[string]int // from the store's database to that of Redis
	}{of: map[string]int{}}
)

// redisDatabase is the address of what gates on a store's database share.
func redisDatabase(t testing.TB, database string) string {
	t.Helper()
	server, err := redisServer.Get()
	if err != nil {
		t.Fatal(err)
	}
	redisPlaces.Lock()
	defer redisPlaces.Unlock()
	number, known := redisPlaces.of[database]
	if !known {
		number = len(redisPlaces.of)
		redisPlaces.of[database] = number
	}
	return fmt.Sprintf("%s/%d", server.URL(), number)
}

func stopServers() { // which end with this process at the latest
	_, _ = postgresServer.Close(), redisServer.Close()
}
