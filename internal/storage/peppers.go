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
// peppers under which some of its keys could not be found. Those of lost
// peppers are given up.
func CheckPeppers(ctx context.Context, store Store, own keys.Hasher, lost []keys.PepperID, now time.Time) error {
	return store.View(ctx, func(r Reader) error {
		used, err := r.Peppers(ctx, now)
		if err != nil || len(used) == 0 {
			return err
		}
		schemes, err := r.Schemes(ctx)
		if err != nil {
			return err
		}
		known := slices.Concat(own.With(schemes).Peppers(), lost)
		for _, id := range slices.Sorted(maps.Keys(used)) {
			if !slices.Contains(known, id) {
				return &UnknownPepperError{Pepper: id, Count: used[id]}
			}
		}
		return nil
	})
}
