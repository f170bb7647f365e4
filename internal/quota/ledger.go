package quota

import (
	"context"
	"errors"
	"time"
)

// What keeps a Ledger from answering.
var (
	// ErrAway says that the ledger is away: each node enforces its share.
	ErrAway = errors.New("the ledger is away")
	// ErrUnavailable says that it is away, and that nothing is granted without it.
	ErrUnavailable = errors.New("the ledger is unavailable")
	// ErrEra says that the ledger's memory has begun anew: what was leased before
	// is void.
	ErrEra = errors.New("the ledger has begun anew")
)

// Ledger counts for all nodes. It knows what each node has spent, and what it
// may spend without asking.
type Ledger interface {
	// Era grows whenever the ledger has lost its memory; 0: it wasn't heard yet.
	Era() uint64
	// Nodes is how many share a quota while the ledger is away.
	Nodes() int64
	// Exchange tells of some counters and asks for more, under an era. It takes
	// 45 ms at most. The answers are in order. The errors are those above; what
	// was told is then to be told again.
	Exchange(ctx context.Context, era uint64, all []Statement) ([]Answer, error)
}

// Statement is what a node says of one subject's use in one period. It may be
// repeated: it says where the node stands, and not what has changed.
type Statement struct {
	Subject    Subject
	Period     Period
	Start, End time.Time
	Keep       time.Duration // for how long the ledger has to remember
	Life       uint64        // tells counters of the same subject and node apart
	Used       int64         // what was spent in this life and era
	Held       int64         // what the node may spend of what it was granted
	Limit      int64         // beyond which nothing is granted
	Need       int64         // nothing is granted where there is less
	Want       int64         // what is waited for, at least Need
	Extra      int64         // what would be welcome beyond, where there is plenty
	Base       int64         // what is stored; less than 0: it wasn't read
}

// Answer is the ledger's.
type Answer struct {
	NeedsBase bool  // it knows nothing of this period: nothing is granted yet
	Granted   int64 // what the node may spend beside what it said that it holds
	Taken     int64 // what all nodes have spent and hold
}
