package caddymodule

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/caddyserver/caddy/v2"

	"github.com/keystile/keystile/internal/migrate"
)

// MovableStore is a StoreModule whose data can be moved to another one, or
// there from another one.
type MovableStore interface {
	StoreModule
	// At settles where the store is, by what stands behind the driver in the
	// configuration; placeholders are resolved.
	At(place string) error
	// OpenForMigration is OpenForCommand for stores that are left or, where
	// create is set, filled.
	OpenForMigration(create bool) (migrate.Store, error)
}

var errStoreAddress = errors.New("a store is stated as sqlite:PATH or postgres:DSN")

// openForMigration opens the store at an address of a command line. What is
// wrong with one is said without repeating it: it may hold a password.
func openForMigration(ctx context.Context, address string, create bool) (migrate.Store, error) {
	driver, place, ok := strings.Cut(address, ":")
	if driver == "postgresql" {
		driver = "postgres"
	}
	info, err := caddy.GetModule("keystile.stores." + driver)
	if !ok || place == "" || err != nil {
		return nil, errStoreAddress
	}
	module, ok := info.New().(MovableStore)
	if !ok {
		return nil, fmt.Errorf("%s stores can't be moved", driver)
	}
	if err := module.At(place); err != nil {
		return nil, err
	}
	store, err := module.OpenForMigration(create)
	if err != nil {
		return nil, err
	}
	if err := store.Migrate(ctx); err != nil {
		return nil, errors.Join(err, store.Close())
	}
	return store, nil
}
