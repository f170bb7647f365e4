package storage

import (
	"context"
	"crypto/sha256"
	"time"
)

// Creation is what a call with an idempotency key made, so that its repeat
// makes nothing.
type Creation struct {
	Caller    string
	Key       [sha256.Size]byte // hash of the key that the caller chose
	Operation string
	Request   [sha256.Size]byte // hash of what was asked for
	Made      string            // ID or name
	Time      time.Time
}

// CreationStore keeps creations for as long as their repeats are known. None
// of its changes is one that decisions depend on.
type CreationStore interface {
	Creation(ctx context.Context, caller string, key [sha256.Size]byte) (Creation, error)
	// PutCreation takes the place of what the caller's key made before.
	PutCreation(ctx context.Context, c Creation) error
	// DropCreations removes the oldest ones, at most limit, of those from
	// before a time.
	DropCreations(ctx context.Context, before time.Time, limit int) error
}
