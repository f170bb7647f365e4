package storage

import (
	"context"
	"time"
)

// Node is a gateway that decides by what it has in memory, as the store knows
// it. A revocation is in force everywhere once every node enforces it, or has
// outlived what it knew before.
type Node struct {
	// Incarnation names one registration; no other ever has the same.
	Incarnation string
	Name        string // of the process, for people
	// Applied: every change up to it is in force at the node.
	Applied Revision
	// Trust is how long the node decides by what it knew when it asked the
	// store, on its own monotonic clock. It is kept in whole microseconds,
	// rounded up.
	Trust time.Duration
	// Beats grows with each Beat.
	Beats int64
	// Doubted: somebody asked whether it still lives, and it hasn't said so.
	Doubted bool
}

// Outlived reports whether a node can't be deciding any more by what it knew
// so long ago, as anybody's monotonic clock has it: clocks of different
// machines may run apart by one percent.
func (n Node) Outlived(since time.Duration) bool { return since >= n.Trust+n.Trust/100 }

// Outstanding returns the nodes that may still decide as if a change had not
// been made: they haven't said that they enforce it, and haven't outlived what
// they knew before its commit returned, so long ago. The nodes are those of a
// time after that: who registered later knew of the change, and who is gone
// decides nothing.
func Outstanding(nodes []Node, revision Revision, since time.Duration) (left []Node) {
	for _, n := range nodes {
		if n.Applied < revision && !n.Outlived(since) {
			left = append(left, n)
		}
	}
	return left
}

// Beat is what a node says of itself.
type Beat struct {
	Incarnation string
	// Applied is how far it has followed the log. In the middle of a revision
	// of many changes, the revision before it counts.
	Applied Position
	Trust   time.Duration
}

// Registry is the part of a Store that knows the nodes. None of it is a change
// of the log.
//
// A node believes its memory only for the trust that its row bears, from the
// time before it asked (Attend) and was answered that its row stands undoubted.
// So whoever removes a row of somebody else asks first (DoubtNode), and then
// waits until its node has outlived what it was answered before.
type Registry interface {
	// Register enters a node under an incarnation of its own, as one that has
	// applied the head of the log, which is returned: it must not believe
	// anything that it read before. ErrExists: the incarnation is taken.
	Register(ctx context.Context, n Node) (head Position, err error)
	// Attend is Confirm for a node: it returns the head of the log and, of the
	// very same snapshot, the node's row. ErrNotFound: it is gone, and the node
	// must not believe its memory until it has registered anew. A driver whose
	// reads may be answered by a server that is not the one that commits any
	// more, has Attend do what Beat does; for the others it is a read.
	Attend(ctx context.Context, b Beat) (head Position, row Node, err error)
	// Beat writes what a node says of itself, ends a doubt, and returns the
	// head of the log. ErrNotFound: as of Attend. ErrGap: what it applied is no
	// position of this log. Either way nothing was written. A Beat need not
	// survive a failure of the power, which no node does.
	Beat(ctx context.Context, b Beat) (head Position, err error)
	// Unregister removes a node that decides nothing any more. One that is not
	// there is no error.
	Unregister(ctx context.Context, incarnation string) error
}

// NodeReader reads the registry on one snapshot.
type NodeReader interface {
	// Nodes lists all of them, by name and incarnation.
	Nodes(ctx context.Context) ([]Node, error)
	// LastChange returns the revision of the last change to a subject that was
	// committed; the head's where the log doesn't hold it any more. Changes of
	// this transaction don't count.
	LastChange(ctx context.Context, subject Subject, name string) (Revision, error)
}

// NodeWriter changes the registry for an observer, who has seen a node's row
// unchanged for longer than it can be.
type NodeWriter interface {
	// DoubtNode asks a node whether it lives. ErrNotFound: it isn't there, or
	// has another number of beats by now, or is doubted already.
	DoubtNode(ctx context.Context, incarnation string, beats int64) error
	// DropNode removes a node that was doubted and hasn't beaten since. It is
	// called once the node has outlived the commit of the doubt. ErrNotFound:
	// there is no such one.
	DropNode(ctx context.Context, incarnation string, beats int64) error
}
