package engine

import (
	"context"
	"errors"
	"sync/atomic"
	"time"
)

// complainEvery bounds how often the log says that a key couldn't be looked
// up: an outage fails thousands of requests for one reason.
const complainEvery = time.Second

// complaints tells the operator why requests are answered with 503.
type complaints struct {
	next atomic.Int64 // nanoseconds since 1970: silent until then
}

// complain logs why a key couldn't be looked up. That a client went away before
// the answer is nobody's fault.
func (e *Engine) complain(err error, now time.Time) {
	next := e.complaints.next.Load()
	if errors.Is(err, context.Canceled) || now.UnixNano() < next ||
		!e.complaints.next.CompareAndSwap(next, now.Add(complainEvery).UnixNano()) {
		return
	}
	e.cfg.Log.Error("a key can't be looked up", "error", err)
}
