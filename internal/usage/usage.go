// Package usage counts what keys are used for, off the request's way: a
// request adds to a counter in memory; a background job sweeps the counters
// into batches, and each batch reaches the store exactly once.
package usage

import (
	"net/netip"
	"time"

	"github.com/keystile/keystile/internal/problem"
)

// Event is one request that a key made.
type Event struct {
	At       time.Time
	Endpoint Label
	Project  Label
	// Denied is the code of a refusal; empty for an allowed call.
	Denied problem.Code
	// Observed says that it was let through all the same.
	Observed bool
	// Status is that of the status line; 0 where none was written.
	Status int
	Cost   int64
	// Method and Client are noted of the latest calls; nothing is counted by
	// them.
	Method string
	Client netip.Addr
}
