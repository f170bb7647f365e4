package limittest

import (
	"context"
	"time"

	"github.com/keystile/keystile/internal/limit"
)

// Handle is a subject of a limiter, as a cached key holds it: with a way of its
// own.
type Handle struct {
	limiter limit.Limiter
	id      string
	way     limit.Way
}

// Subject makes a handle.
func Subject(of limit.Limiter, id string) *Handle { return &Handle{limiter: of, id: id} }

// Take takes from the subject's buckets.
func (h *Handle) Take(ctx context.Context, limits []*limit.Limit, cost limit.Cost, now time.Time) (limit.Decision, error) {
	return h.limiter.Take(ctx, limit.Subject{ID: h.id, Way: &h.way}, limits, cost, now)
}
