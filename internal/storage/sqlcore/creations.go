package sqlcore

import (
	"context"
	"crypto/sha256"
	"fmt"
	"time"

	"github.com/keystile/keystile/internal/storage"
)

// Creation implements storage.CreationStore. A damaged hash equals none.
func (t *Transaction) Creation(ctx context.Context, caller string, key [sha256.Size]byte) (storage.Creation, error) {
	c := storage.Creation{Caller: caller, Key: key}
	var request []byte
	var at int64
	err := t.Row(ctx, `SELECT operation, request, made, time FROM creations WHERE caller = ? AND key = ?`,
		[]any{caller, key[:]}, &c.Operation, &request, &c.Made, &at)
	if err != nil {
		return storage.Creation{}, fmt.Errorf("find what a call made: %w", err)
	}
	copy(c.Request[:], request)
	c.Time = FromMicros(at)
	return c, nil
}

// PutCreation implements storage.CreationStore.
func (t *Transaction) PutCreation(ctx context.Context, c storage.Creation) error {
	t.unlogged = true
	err := t.Exec(ctx, putCreation,
		c.Caller, c.Key[:], c.Operation, c.Request[:], c.Made, Micros(c.Time))
	if err != nil {
		return fmt.Errorf("keep what a call made: %w", err)
	}
	return nil
}

const putCreation = `INSERT INTO creations (caller, key, operation, request, made, time) VALUES (?, ?, ?, ?, ?, ?)
	ON CONFLICT (caller, key) DO UPDATE SET operation = excluded.operation, request = excluded.request, made = excluded.made, time = excluded.time`

const dropCreations = `DELETE FROM creations WHERE (caller, key) IN
	(SELECT caller, key FROM creations WHERE time < ? ORDER BY time LIMIT ?)`

// DropCreations implements storage.CreationStore.
func (t *Transaction) DropCreations(ctx context.Context, before time.Time, limit int) error {
	t.unlogged = true
	if err := t.Exec(ctx, dropCreations, Micros(before), max(limit, 0)); err != nil {
		return fmt.Errorf("forget what calls made: %w", err)
	}
	return nil
}
