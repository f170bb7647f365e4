package client

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"
)

// pauses are what lies between the attempts of one call.
var pauses = []time.Duration{250 * time.Millisecond, time.Second}

// maxPause is the longest that a server's Retry-After is waited for.
const maxPause = 5 * time.Second

// exchange sends a request, again where that can't do it twice and a fault may
// have passed by then.
func (c *Client) exchange(ctx context.Context, rq *request) (*answer, error) {
	for _, pause := range pauses {
		got, err := c.send(ctx, rq)
		if !rq.repeatable || !passing(got, err) {
			return got, err
		}
		pause = max(pause, got.retryAfter())
		if pause > maxPause || sleep(ctx, pause) != nil {
			return got, err
		}
	}
	return c.send(ctx, rq)
}

// passing tells faults that may be over in a moment: a connection that broke
// off, and a server that can't answer now. Where nobody listens, or a call
// took too long, there is no sense in another try.
func passing(got *answer, err error) bool {
	if err != nil {
		failed, ok := errors.AsType[*failure](err)
		return ok && failed.broke
	}
	switch got.status {
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

// retryAfter is what the server asks to wait for, in whole seconds; 0: it
// doesn't say.
func (a *answer) retryAfter() time.Duration {
	if a == nil {
		return 0
	}
	n, err := strconv.ParseUint(a.header.Get("Retry-After"), 10, 31)
	if err != nil {
		return 0
	}
	return time.Duration(n) * time.Second
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
