package engine

import (
	"context"
	"errors"
	"fmt"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

// Named reads a key by its ID. Memory knows keys by their secrets only, so this
// asks the store; every error is ErrUnavailable.
func (e *Engine) Named(ctx context.Context, id keys.ID) (entry *Entry, found bool, err error) {
	if err := e.reachable(); err != nil {
		return nil, false, err
	}
	if err := e.awaitReady(ctx); err != nil {
		return nil, false, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	ctx, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	var k *keys.Key
	err = e.cfg.Store.View(ctx, func(r storage.Reader) error {
		k, err = r.Key(ctx, id)
		return err
	})
	if errors.Is(err, storage.ErrNotFound) {
		return nil, false, nil
	}
	if err == nil {
		entry = new(Entry)
		err = e.fill(entry, k)
	}
	if err != nil {
		return nil, false, fmt.Errorf("%w: read %s: %w", ErrUnavailable, id, err)
	}
	return entry, true, nil
}
