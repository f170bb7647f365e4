// Package postgresstore is the guest module keystile.stores.postgres: keys and
// usage in a PostgreSQL database, which any number of gateways share.
package postgresstore

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/maphash"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"go.uber.org/zap"

	"github.com/keystile/keystile/internal/migrate"
	"github.com/keystile/keystile/internal/storage"
	"github.com/keystile/keystile/internal/storage/postgres"
)

func init() { caddy.RegisterModule(Store{}) }

// seed hides what Key tells apart from everybody but this process.
var seed = maphash.MakeSeed()

// Store keeps everything in a PostgreSQL database.
type Store struct {
	// How the database is reached: a URL or keywords, as libpq reads them.
	// Placeholders are resolved at start, and one that is unset is an error; a
	// password belongs into one.
	DSN string `json:"dsn,omitempty"`

	cfg *postgres.Config
}

// CaddyModule implements caddy.Module.
func (Store) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "keystile.stores.postgres", New: func() caddy.Module { return new(Store) }}
}

// UnmarshalCaddyfile reads: store postgres DSN. An error repeats nothing of
// what may hold a password.
func (s *Store) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // postgres
	if !d.NextArg() || d.Val() == "" {
		return d.Err("store postgres needs a connection string, such as {env.DATABASE_URL}")
	}
	s.DSN = d.Val()
	if d.Next() {
		return d.Err("store postgres takes one connection string: put one with spaces in quotes")
	}
	return nil
}

// Provision implements caddy.Provisioner. It settles the connection string and
// connects to nothing.
func (s *Store) Provision(caddy.Context) error {
	if s.DSN == "" {
		return errors.New("store postgres needs a connection string")
	}
	dsn, err := caddy.NewReplacer().ReplaceOrErr(s.DSN, true, true)
	if err != nil {
		return fmt.Errorf("store postgres: %w", err)
	}
	if s.cfg, err = postgres.ParseDSN(dsn); err != nil {
		return fmt.Errorf("store postgres: %w", err)
	}
	return nil
}

// Key names the database. Another password, or other settings of the
// connection, make another key, so that a reload puts them in force.
func (s *Store) Key() string {
	return "postgres:" + s.cfg.String() + "#" + strconv.FormatUint(s.cfg.Fingerprint(seed), 36)
}

// SpoolDir is a folder in Caddy's data directory: of this database and schema
// only, since what is spooled must not end in another one.
func (s *Store) SpoolDir() string {
	name := sha256.Sum256([]byte(s.cfg.Place()))
	return filepath.Join(caddy.AppDataDir(), "keystile", "postgres-"+hex.EncodeToString(name[:8])+".spool")
}

// Open returns the store; its Migrate makes the tables.
func (s *Store) Open() (storage.Store, error) { return s.open(), nil }

// OpenForCommand returns a store that makes tables only where create is set.
func (s *Store) OpenForCommand(create bool) (storage.Store, error) {
	if create {
		return s.open(), nil
	}
	return s.open(postgres.MustExist()), nil
}

// OpenForMigration returns the store, to be left or filled. Its Migrate makes
// tables only where create is set.
func (s *Store) OpenForMigration(create bool) (migrate.Store, error) {
	option := postgres.MustExist()
	if create {
		option = postgres.Part()
	}
	return postgres.Open(s.cfg, option, postgres.OnCorrupt(reportDamage)), nil
}

// At settles the connection string. One that begins like an address is one as a
// whole: postgres://….
func (s *Store) At(dsn string) error {
	if strings.HasPrefix(dsn, "//") {
		dsn = "postgres:" + dsn
	}
	s.DSN = dsn
	return s.Provision(caddy.Context{})
}

func (s *Store) open(more ...postgres.Option) storage.Store {
	return postgres.Open(s.cfg, append(more, postgres.OnCorrupt(reportDamage), postgres.OnUnposted(reportUnposted))...)
}

// reportUnposted tells of what is late.
func reportUnposted(err error) {
	caddy.Log().Named("keystile.stores.postgres").Warn("usage that was flushed can't be added up at present; nothing of it is lost", zap.Error(err))
}

// reportDamage uses the process's logger: a store outlives the configuration
// that opened it.
func reportDamage(id string, err error) {
	caddy.Log().Named("keystile.stores.postgres").Error("a damaged row is left out", zap.String("id", id), zap.Error(err))
}

// Interface guards.
var (
	_ caddy.Provisioner     = (*Store)(nil)
	_ caddyfile.Unmarshaler = (*Store)(nil)
)
