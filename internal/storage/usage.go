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

// UsageOf selects whose cost is summed up: all keys of a workspace and
// environment, those that are deleted included; or, with a lineage, a key and
// those that it replaced, on one endpoint or on all.
type UsageOf struct {
	Workspace   string
	Environment keys.Environment
	Lineage     keys.ID
	Endpoint    string // with a lineage only; empty: all
}

// UsageOwner is whose a key's usage is.
type UsageOwner struct {
	Workspace string
	Project   string // empty: all of the workspace
}
