package sqlite

import (
	"context"
	"fmt"
	"time"
)

// Missing implements storage.Store. A file that isn't there is an error.
func (s *Store) Missing(ctx context.Context) (int, error) {
	c, err := s.connect()
	if err != nil {
		return 0, err
	}
	folder, err := embedded()
	if err != nil {
		return 0, err
	}
	steps, err := provider(c.read, folder)
	if err != nil {
		return 0, err
	}
	var missing int
	err = s.retry(ctx, func() (err error) {
		missing, err = countMissing(ctx, c.read, steps)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("look at the schema of %s: %w", s.path, translate(err))
	}
	return missing, nil
}

// Clock implements storage.Store: the file is on this machine.
func (s *Store) Clock(context.Context) (time.Time, error) { return time.Time{}, nil }
