package engine

import (
	"context"
	"time"

	"github.com/keystile/keystile/internal/keys"
)

// Find is Recall, and Fetch where that doesn't know.
func (e *Engine) Find(ctx context.Context, secret string, now time.Time) (entry *Entry, found bool, err error) {
	fp := keys.FingerprintOf(secret)
	if entry, found, known := e.Recall(fp, now); known {
		return entry, found, nil
	}
	return e.Fetch(ctx, fp, secret, now)
}
