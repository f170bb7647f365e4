package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

// markReplaced notes when a key got its replacement. Few keys have one at a
// time, so all others bear no trace of this. One that is gone again, or can't
// be read, is no reason to refuse the key that it replaces.
func (e *Engine) markReplaced(ctx context.Context, entry *Entry, k *keys.Key) error {
	var next *keys.Key
	err := e.cfg.Store.Glance(ctx, func(r storage.Reader) (err error) {
		next, err = r.Key(ctx, k.ReplacedBy)
		return err
	})
	switch {
	case errors.Is(err, storage.ErrNotFound) || errors.Is(err, storage.ErrDamaged):
		return nil
	case err != nil:
		return fmt.Errorf("look the replacement of %s up: %w", k.ID, err)
	}
	own := *entry.common
	own.replacedAt = next.CreatedAt.Unix()
	entry.common = &own
	return nil
}

// Retires is when the key got its replacement and when it ends, as long as it is
// in between; ok is false for all other keys.
func (e *Entry) Retires(now time.Time) (replaced, ends time.Time, ok bool) {
	if e.common.replacedAt == 0 || e.Principal.Expired(now) {
		return replaced, ends, false
	}
	ends, ok = e.Principal.Ends()
	return time.Unix(e.common.replacedAt, 0).UTC(), ends, ok
}
