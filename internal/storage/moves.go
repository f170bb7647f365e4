package storage

import (
	"fmt"
	"time"
)

// MovingError says that a store takes no changes because all that it holds is
// being moved. Usage is counted, and the audit trail goes on.
type MovingError struct {
	// Into: the store is the one that is filled, and isn't complete yet.
	// Otherwise it is the one that is left.
	Into  bool
	Since time.Time
}

// Error implements error.
func (e *MovingError) Error() string {
	since := e.Since.Format(time.RFC3339)
	if e.Into {
		return fmt.Sprintf("this store is being filled since %s by `keystile migrate`, which hasn't finished: run it again, with the same --from and --to", since)
	}
	return fmt.Sprintf("this store is being moved to another one since %s: keys can be changed again where the gates use that one, "+
		"or here once `keystile migrate --abort` has given it up", since)
}
