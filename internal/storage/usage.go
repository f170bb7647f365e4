package storage

import (
	"cmp"
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
	// no status line was written), or the code of a denial; behind WouldBe,
	// where nothing is enforced.
	Outcome string
	Denied  bool
	Count   int64
	Cost    int64     // zero for denials
	Last    time.Time // of the latest call
}

// CompareCells puts cells in the order of what tells them apart.
func CompareCells(a, b UsageCell) int {
	return cmp.Or(
		cmp.Compare(a.KeyID, b.KeyID),
		a.Hour.Compare(b.Hour),
		cmp.Compare(a.Endpoint, b.Endpoint),
		cmp.Compare(a.Project, b.Project),
		cmp.Compare(a.Outcome, b.Outcome),
	)
}

// WouldBe stands before the code of a denial that was only observed.
const WouldBe = "would:"

// IDs that no key has, for what is counted beside the keys; all of it is
// denied, so that it is nobody's use.
const (
	// StrangerID is of requests without a key that is known, which a gate would
	// have refused that only observes.
	StrangerID keys.ID = "(stranger)"
	// UnlistedID is of what keys called and no route lists: Endpoint is the
	// method and the path, Project the place of the gate, and Outcome "allowed"
	// or a code.
	UnlistedID keys.ID = "(unlisted)"
)

// UsageBatch is what one process start (an incarnation) flushes at once.
type UsageBatch struct {
	Incarnation string // UUID
	Sequence    int64  // from 1, without gaps
	Cells       []UsageCell
	// Calls are noted in the same transaction. Those of a key that is gone
	// are dropped, and of a key's notes the latest ActivityKept stay.
	Calls []NotedCall
	// Denials are noted in the same transaction, too. Those of a key that is gone
	// are dropped, and the latest stay: KeyDenialsKept of each key, and
	// StrangerDenialsKept of those without.
	Denials []Denial
}

// ActivityKept is how many of a key's latest calls a store keeps.
const ActivityKept = 100

// NotedCall is one call of a key, which was counted, too.
type NotedCall struct {
	KeyID    keys.ID
	At       time.Time
	Method   string
	Endpoint string // as in UsageCell
	// Status is the status line; 0 where none was written.
	Status int
	Denied string // the code of a refusal; empty for an allowed call
	Client string // address; empty where it could not be read
	// Missed is how many calls of the key before this one, and after the note
	// before it, were only counted.
	Missed int64
}

// UsagePrune says what PruneUsage removes.
type UsagePrune struct {
	// CellsBefore is the start of the first hour to keep, for cells and for the
	// sums of workspaces; zero: all.
	CellsBefore time.Time
	// UnlistedBefore is the start of the first hour to keep of UnlistedID.
	UnlistedBefore time.Time
	// DenialsBefore is the time of the first denial to keep; zero: all.
	DenialsBefore time.Time
	// IncarnationsBefore is since when an incarnation has to have flushed to be
	// remembered. One that is forgotten and flushes again is out of order.
	IncarnationsBefore time.Time
	// Limit bounds the rows of each kind that one call removes, and how much it
	// looks at; at least 1.
	Limit int
}

// UsageRollUp says which cells RollUpUsage puts together: those of one day of
// UTC, of one key, endpoint, project and outcome become one, in the day's first
// hour.
type UsageRollUp struct {
	From, Before time.Time // starts of days; a zero From: all before
	// Limit bounds the keys' days that one call puts together, and how much it
	// looks at; at least 1.
	Limit int
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
	// Whole: an error is better than a sum that lacks what was flushed last.
	Whole bool
}

// UsageOwner is whose a key's usage is.
type UsageOwner struct {
	Workspace string
	Project   string // empty: all of the workspace
}
