package engine

import (
	"errors"
	"fmt"
)

// errDown is the answer instead of a store's that left the last poll without
// one.
var errDown = errors.New("the store didn't answer when it was last polled")

// reachable is an ErrUnavailable while the store leaves polls unanswered: a
// request would wait its whole time only to learn the same. The follower goes
// on asking, and its first answer ends this.
func (e *Engine) reachable() error {
	if e.confirmed.failing.Load() {
		return fmt.Errorf("%w: %w", ErrUnavailable, errDown)
	}
	return nil
}
