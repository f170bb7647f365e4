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
	// OpenExisting is Open for a store whose Migrate refuses to create
	// anything, and says where it looked.
	OpenExisting() (storage.Store, error)
	// SpoolDir is the folder beside the data where usage waits that could not
	// be written when the process ended; empty: there is none.
	SpoolDir() string
}
