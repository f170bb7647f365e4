package main

import (
	"context"
	"os"
	"path/filepath"

	"github.com/caddyserver/caddy/v2"

	"github.com/keystile/keystile/caddymodule/sqlitestore"
	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

func init() { caddy.RegisterModule(new(Store)) }

// Store is the SQLite store, whose look-ups panic for as long as a file named
// panic lies beside the database.
type Store struct{ sqlitestore.Store }

// CaddyModule implements caddy.Module.
func (*Store) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "keystile.stores.faulty", New: func() caddy.Module { return new(Store) }}
}

// Open implements caddymodule.StoreModule.
func (s *Store) Open() (storage.Store, error) {
	store, err := s.Store.Open()
	return panicking{store, filepath.Join(filepath.Dir(s.SpoolDir()), "panic")}, err
}

type panicking struct {
	storage.Store
	when string
}

// Lookup implements storage.Store.
func (p panicking) Lookup(ctx context.Context, digests []keys.Digest) (storage.Lookup, error) {
	if _, err := os.Stat(p.when); err == nil {
		panic("forced by a test")
	}
	return p.Store.Lookup(ctx, digests)
}
