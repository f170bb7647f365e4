package caddymodule

import (
	"time"

	"github.com/keystile/keystile/e2e/faultygate/clock"
)

// now is the clock that everything is wired with: here, one that a test sets.
func now() time.Time { return clock.Now() }
