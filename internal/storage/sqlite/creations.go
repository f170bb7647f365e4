package sqlite

import (
	"context"
	"crypto/sha256"
	"fmt"
	"time"

	"github.com/keystile/keystile/internal/storage"
)

// Creation implements storage.CreationStore. A damaged hash equals none.
func (t *transaction) Creation(ctx context.Context, caller string, key [sha256.Size]byte) (storage.Creation, error) {
	c := storage.Creation{Caller: caller, Key: key}
	var request []byte
	var at int64
	err := t.row(ctx, `SELECT operation, request, made, time FROM creations WHERE caller = ? AND key = ?`,
		[]any{caller, key[:]}, &c.Operation, &request, &c.Made, &at)
	if err != nil {
		return storage.Creation{}, fmt.Errorf("find what a call made: %w", err)
	}
	copy(c.Request[:], request)
	c.Time = fromMicros(at)
	return c, nil
}

// PutCreation implements storage.CreationStore.
func (t *transaction) PutCreation(ctx context.Context, c storage.Creation) error {
	err := t.exec(ctx, `INSERT OR REPLACE INTO creations (caller, key, operation, request, made, time) VALUES (?, ?, ?, ?, ?, ?)`,
		c.Caller, c.Key[:], c.Operation, c.Request[:], c.Made, micros(c.Time))
	if err != nil {
		return fmt.Errorf("keep what a call made: %w", err)
	}
	return nil
}

const dropCreations = `DELETE FROM creations WHERE (caller, key) IN
	(SELECT caller, key FROM creations WHERE time < ? ORDER BY time LIMIT ?)`

// DropCreations implements storage.CreationStore.
func (t *transaction) DropCreations(ctx context.Context, before time.Time, limit int) error {
	if err := t.exec(ctx, dropCreations, micros(before), max(limit, 0)); err != nil {
		return fmt.Errorf("forget what calls made: %w", err)
	}
	return nil
}
