package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"github.com/caddyserver/caddy/v2"

	"github.com/keystile/keystile/caddymodule/sqlitestore"
	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

func init() { caddy.RegisterModule(new(Store)) }

// Store is the SQLite store, whose look-ups panic, crash the process, fail or hang for as
// long as a file of that name lies beside the database. They fail with the file's
// text.
type Store struct{ sqlitestore.Store }

// CaddyModule implements caddy.Module.
func (*Store) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "keystile.stores.faulty", New: func() caddy.Module { return new(Store) }}
}

// Open implements caddymodule.StoreModule.
func (s *Store) Open() (storage.Store, error) {
	store, err := s.Store.Open()
	return faultyStore{store, filepath.Dir(s.SpoolDir())}, err
}

type faultyStore struct {
	storage.Store
	marks string // the folder of the files
}

// Lookup implements storage.Store.
func (f faultyStore) Lookup(ctx context.Context, digests []keys.Digest) (storage.Lookup, error) {
	if f.marked("panic") {
		panic("forced by a test")
	}
	if f.marked("crash") {
		go panic("forced by a test") // where nobody recovers
	}
	if f.marked("hang") {
		<-ctx.Done()
		return storage.Lookup{}, ctx.Err()
	}
	if text, err := os.ReadFile(filepath.Join(f.marks, "fail")); err == nil {
		return storage.Lookup{}, errors.New(string(text))
	}
	return f.Store.Lookup(ctx, digests)
}

func (f faultyStore) marked(name string) bool {
	_, err := os.Stat(filepath.Join(f.marks, name))
	return err == nil
}
