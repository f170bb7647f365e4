package limit

import (
	"context"
	"log/slog"
	"sync/atomic"
)

// Fleet is a Limiter whose buckets several nodes share through a server. It
// may be asked before Start and while the server is away: it then answers as
// Surroundings say.
type Fleet interface {
	Limiter
	// Start takes part in the fleet until Stop. It returns once the server has
	// answered, or soon without: Start never fails. Only the first one counts.
	Start(ctx context.Context, s Surroundings)
	// SetNodes says how many nodes there are, this one included. Without the
	// server, each of them enforces that part of every limit.
	SetNodes(n int)
	// SetDeny says what happens without the server: true answers
	// ErrUnavailable; false has each node enforce its share.
	SetDeny(deny bool)
	// Stop gives back what this node holds, and ends its work.
	Stop()
}

// Surroundings are what a Fleet works in.
type Surroundings struct {
	Log   *slog.Logger
	Stats *Stats
}

// Stats counts what limiters ask of their servers. Several may share it.
type Stats struct {
	Away      atomic.Int64 // limiters that are without their server at present
	Exchanges atomic.Int64 // buckets that the server was asked about
	Failures  atomic.Int64 // times that a limiter lost its server
	Waits     atomic.Int64 // requests that waited for the server
}
