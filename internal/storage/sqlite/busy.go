package sqlite

import (
	"context"
	"time"
)

const (
	firstPause = time.Millisecond
	lastPause  = 25 * time.Millisecond
)

// retry repeats what fails because another process holds the database, until
// the busy timeout or the context's end. What it repeats has no effect when it
// fails.
func (s *Store) retry(ctx context.Context, attempt func() error) error {
	err := attempt()
	if !busy(err) {
		return err
	}
	giveUp := time.NewTimer(s.busyTimeout)
	defer giveUp.Stop()
	return again(ctx, giveUp.C, err, attempt)
}

// again is retry behind a first attempt.
func again(ctx context.Context, giveUp <-chan time.Time, err error, attempt func() error) error {
	for pause := firstPause; busy(err); pause = min(2*pause, lastPause) {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-giveUp:
			return err
		case <-time.After(pause):
			err = attempt()
		}
	}
	return err
}
