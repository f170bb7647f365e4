// Package limit is the contract of rate limiting and the arithmetic beneath
// it: GCRA, the generic cell rate algorithm (ITU-T I.371), which keeps one
// instant per key and limit. Several limits are taken together or not at all,
// and a denied request spends nothing.
package limit

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"
)

// ErrUnavailable says that the limiter can't tell at present.
var ErrUnavailable = errors.New("limiter unavailable")

// Cost is what one request spends.
type Cost int64

// MaxLimits bounds how many limits one request takes from.
const MaxLimits = 4

// CheckCount says whether one request may take from so many limits at once.
func CheckCount(limits []*Limit) error {
	if len(limits) > MaxLimits {
		return fmt.Errorf("take from %d limits at once: at most %d", len(limits), MaxLimits)
	}
	return nil
}

// Limit is a named rate. Its cells are told apart by gate, name and rate, so a
// limit that is configured anew starts from what was spent under the old rate.
type Limit struct {
	// Gate is where a limit of one gate alone stands, and the same across
	// reloads and restarts; empty for limits that all gates share. Callers
	// aren't told.
	Gate string
	Name string // from a closed set: "live", "plan free", "route GET /v1/x"
	Rate Rate
}

// Decision is a limiter's answer. When several limits were asked, the headline
// figures speak of the one with the least remaining (of those, the one that is
// full again last), or of the one that denied for longest.
type Decision struct {
	Granted    bool
	States     [MaxLimits]State // of each limit that was asked, in their order
	Count      int              // how many States are set
	Closest    int              // index of the state that the headline figures speak of
	RetryAfter time.Duration    // until the next grant of the same cost; 0 when granted
}

// Headline is the state that X-RateLimit-* speak of; nil without limits.
func (d *Decision) Headline() *State {
	if d.Count == 0 {
		return nil
	}
	return &d.States[d.Closest]
}

// State is where one limit stands after a decision.
type State struct {
	Limit      *Limit
	Remaining  int64         // requests of cost 1 that would pass now; 0 where Denied
	Reset      time.Duration // until the bucket is full again
	Denied     bool
	RetryAfter time.Duration // until this limit grants the same cost; 0 unless Denied
}

// Limiter spends from buckets.
type Limiter interface {
	// Take asks all limits for cost *and spends it* in each if all grant it,
	// from the buckets of a subject. now is the time of this very request.
	// Without limits it grants. The limits are all different, and at most
	// MaxLimits; more are an error, and so is ErrUnavailable: the answer is not
	// known then, and nothing is spent.
	Take(ctx context.Context, of Subject, limits []*Limit, cost Cost, now time.Time) (Decision, error)
	// Approach says that a Take of a subject is likely: it has its buckets on
	// their way to the processor by then. It waits for nothing.
	Approach(by *Way)
	// Sweep forgets what is as good as new: buckets that are full at now.
	Sweep(now time.Time)
}

// Subject is whose buckets are meant.
type Subject struct {
	ID string // of one key, or of one lineage of keys that replaced each other
	// Way is the subject's, and this limiter's alone.
	Way *Way
}

// Way is where a limiter keeps the way to a subject's buckets. It lies beside
// the cached key, so that a request reaches them by pointer, and is good for as
// long as it is kept: a bucket never comes back full because somebody forgot it.
// The zero Way leads nowhere yet.
type Way struct{ to atomic.Value }

// To is what was Set last; nil: nothing was.
func (w *Way) To() any { return w.to.Load() }

// Set leads to buckets, which are a pointer of the same type each time.
func (w *Way) Set(buckets any) { w.to.Store(buckets) }
