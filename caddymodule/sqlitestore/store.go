// Package sqlitestore is the guest module keystile.stores.sqlite: keys and
// usage in one SQLite file.
package sqlitestore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"go.uber.org/zap"

	"github.com/keystile/keystile/internal/migrate"
	"github.com/keystile/keystile/internal/storage"
	"github.com/keystile/keystile/internal/storage/sqlite"
)

func init() { caddy.RegisterModule(Store{}) }

// Store keeps everything in one SQLite file.
type Store struct {
	// The database's file; placeholders are resolved at start, and one that is
	// unset is an error. A relative path is relative to the working directory.
	// Default: keystile/keys.db in Caddy's data directory.
	Path string `json:"path,omitempty"`

	file     string // absolute
	relative string // as configured; empty where that is absolute
}

// CaddyModule implements caddy.Module.
func (Store) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "keystile.stores.sqlite", New: func() caddy.Module { return new(Store) }}
}

// UnmarshalCaddyfile reads: store sqlite [PATH]
func (s *Store) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // sqlite
	if d.NextArg() {
		s.Path = d.Val()
		if s.Path == "" {
			return d.Err("store sqlite: the path is empty")
		}
	}
	if d.Next() {
		return d.Errf("store sqlite takes one path, but has %q behind it", d.Val())
	}
	return nil
}

// Provision implements caddy.Provisioner. It settles the path and touches
// nothing.
func (s *Store) Provision(caddy.Context) error {
	path := filepath.Join(caddy.AppDataDir(), "keystile", "keys.db")
	if s.Path != "" {
		resolved, err := caddy.NewReplacer().ReplaceOrErr(s.Path, true, true)
		if err != nil {
			return fmt.Errorf("store sqlite %s: %w", s.Path, err)
		}
		path = resolved
	}
	file, err := filepath.Abs(path)
	if err != nil {
		return fmt.Errorf("store sqlite %s: %w", path, err)
	}
	s.file = file
	if !filepath.IsAbs(path) {
		s.relative = path
	}
	return nil
}

// Key names the file.
func (s *Store) Key() string { return "sqlite:" + s.file }

// SpoolDir is a folder beside the file: of this file only, since what is
// spooled must not end in another database.
func (s *Store) SpoolDir() string { return s.file + ".spool" }

// Open returns the store; its Migrate makes the file.
func (s *Store) Open() (storage.Store, error) { return s.open(sqlite.OnCreate(reportNew)) }

// OpenForCommand returns a store that only the file's owner may touch, and
// that makes the file only where create is set.
func (s *Store) OpenForCommand(create bool) (storage.Store, error) {
	owned := sqlite.OwnedBy(os.Geteuid())
	if create {
		return s.open(owned)
	}
	store, err := s.open(owned, sqlite.MustExist())
	if err != nil {
		return nil, err
	}
	return mustExist{store, s.relative}, nil
}

// OpenForMigration returns the store, to be left or filled. Only the file's
// owner may touch it, and its Migrate makes the file only where create is set.
func (s *Store) OpenForMigration(create bool) (migrate.Store, error) {
	opts := []sqlite.Option{sqlite.OwnedBy(os.Geteuid()), sqlite.OnCorrupt(reportDamage)}
	if create {
		opts = append(opts, sqlite.Part())
	} else {
		opts = append(opts, sqlite.MustExist())
	}
	return sqlite.Open(s.file, opts...)
}

// At settles the file by its path.
func (s *Store) At(path string) error {
	s.Path = path
	return s.Provision(caddy.Context{})
}

// mustExist is a store whose database a command didn't find, maybe because it
// was started elsewhere than the gate.
type mustExist struct {
	storage.Store
	relative string // the path, where it is; empty otherwise
}

// Migrate says where a relative path was looked for.
func (s mustExist) Migrate(ctx context.Context) error {
	err := s.Store.Migrate(ctx)
	if _, missing := errors.AsType[*sqlite.NoDatabaseError](err); !missing || s.relative == "" {
		return err
	}
	folder, wdErr := os.Getwd()
	if wdErr != nil {
		return err
	}
	return fmt.Errorf("%w. %s is relative to the working directory, which is %s: is the gate's another?", err, s.relative, folder)
}

func (s *Store) open(more ...sqlite.Option) (storage.Store, error) {
	store, err := sqlite.Open(s.file, append(more, sqlite.OnCorrupt(reportDamage), sqlite.OnUnposted(reportUnposted))...)
	if err != nil {
		return nil, err
	}
	return store, nil
}

// reportUnposted tells of what is late.
func reportUnposted(err error) {
	caddy.Log().Named("keystile.stores.sqlite").Warn("usage that was flushed can't be added up at present; nothing of it is lost", zap.Error(err))
}

// reportDamage uses the process's logger: a store outlives the configuration
// that opened it.
func reportDamage(id string, err error) {
	caddy.Log().Named("keystile.stores.sqlite").Error("a damaged row is left out", zap.String("id", id), zap.Error(err))
}

// reportNew is for whoever mistyped a path: every key is unknown then.
func reportNew(path string) {
	caddy.Log().Named("keystile.stores.sqlite").Info("made a new database, without any keys", zap.String("path", path))
}

// Interface guards.
var (
	_ caddy.Provisioner     = (*Store)(nil)
	_ caddyfile.Unmarshaler = (*Store)(nil)
)
