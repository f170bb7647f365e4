package storage

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/keystile/keystile/internal/keys"
)

// UnknownPepperError says that nobody could find the keys any more that were
// made under a pepper.
type UnknownPepperError struct {
	Pepper keys.PepperID
	Count  int // of keys and management tokens that are neither revoked nor expired
}

// Error implements error.
func (e *UnknownPepperError) Error() string {
	return fmt.Sprintf("the store holds keys or tokens (%d) that were made under a pepper that is not configured (%s): "+
		"put it back, behind a new one if there is one, or say `lost_pepper %s` if it is gone for good", e.Count, e.Pepper, e.Pepper)
}

// CheckPeppers refuses, with an UnknownPepperError, to work on a store with
// peppers under which none of its peppered keys could be found: they are the
// wrong ones. Where some can be found, the pepper of others was dropped, which
// is returned. Those of lost peppers are given up.
func CheckPeppers(ctx context.Context, store Store, own keys.Hasher, lost []keys.PepperID, now time.Time) (dropped *UnknownPepperError, err error) {
	var known bool
	err = store.View(ctx, func(r Reader) error {
		used, err := r.Peppers(ctx, now)
		if err != nil || len(used) == 0 {
			return err
		}
		schemes, err := r.Schemes(ctx)
		if err != nil {
			return err
		}
		mine := own.With(schemes).Peppers()
		for _, id := range slices.Sorted(maps.Keys(used)) {
			known = known || slices.Contains(mine, id)
			if !slices.Contains(mine, id) && !slices.Contains(lost, id) {
				dropped = &UnknownPepperError{Pepper: id, Count: used[id]}
			}
		}
		return nil
	})
	if err == nil && dropped != nil && !known {
		return nil, dropped
	}
	return dropped, err
}
