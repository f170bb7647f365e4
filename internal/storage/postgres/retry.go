package postgres

import (
	"context"
	"math/rand/v2"
	"time"
)

const (
	attempts   = 4
	firstPause = 5 * time.Millisecond
)

// retry repeats what failed for a passing reason, a few times, until the
// context's end. What it repeats has no effect when it fails.
func retry(ctx context.Context, attempt func() error) error {
	for n, pause := 1, firstPause; ; n, pause = n+1, 2*pause {
		err := attempt()
		if n == attempts || !passing(err) || ctx.Err() != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(about(pause)):
		}
	}
}

// about is a time like another: what failed for all at once is not tried by
// all at once again.
func about(d time.Duration) time.Duration {
	return d/2 + rand.N(d) //nolint:gosec // chance is enough here: nobody gains by foreseeing it
}
