package caddymodule

import "github.com/keystile/keystile/internal/storage"

// StoreModule is a guest module in the namespace keystile.stores. Once it is
// provisioned, its placeholders are resolved.
type StoreModule interface {
	// Key tells apart what can be opened: two modules with one key share an
	// engine. It holds no credential.
	Key() string
	// Open returns the store without reading or writing anything. Its Migrate
	// creates what isn't there.
	Open() (storage.Store, error)
	// OpenForCommand is Open for a command beside a gate. Its Migrate refuses
	// what the command's user must not touch, so that the gate finds no file
	// that it can't write; and, unless create is set, to create anything.
	OpenForCommand(create bool) (storage.Store, error)
	// SpoolDir is the folder beside the data where usage waits that could not
	// be written when the process ended; empty: there is none.
	SpoolDir() string
}
