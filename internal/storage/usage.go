package storage

import (
	"time"

	"github.com/keystile/keystile/internal/keys"
)

// UsageCell is a sum: the calls of one key on one endpoint, for one project,
// with one outcome, in one hour.
type UsageCell struct {
	KeyID    keys.ID
	Hour     time.Time // start of the hour, UTC
	Endpoint string    // METHODS and pattern, as in the route; "default" for unlisted paths
	Project  string    // empty: none; "(other)": not registered
	// Outcome is the status class of an allowed call ("2xx"; "aborted" where
	// no status line was written), or the code of a denial.
	Outcome string
	Denied  bool
	Count   int64
	Cost    int64     // zero for denials
	Last    time.Time // of the latest call
}

// UsageBatch is what one process start (an incarnation) flushes at once.
type UsageBatch struct {
	Incarnation string // UUID
	Sequence    int64  // from 1, without gaps
	Cells       []UsageCell
}

// UsageTotal is the sum over all of a key's allowed calls.
type UsageTotal struct {
	Calls    int64
	LastUsed time.Time
}
