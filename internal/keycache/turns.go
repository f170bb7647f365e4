package keycache

import (
	"errors"
	"sync/atomic"
	"time"
)

const (
	// maxReads bounds the reads of the store that are under way at once.
	maxReads = 64
	// maxWaiting bounds the reads that wait for their turn.
	maxWaiting = 1 << 12
)

// errBusy says that the store has more to read than it can.
var errBusy = errors.New("too many reads are waiting")

// turns lets so many reads at the store at once, and a bounded number wait.
type turns struct {
	taken    chan struct{}
	waiting  *atomic.Int64
	patience time.Duration // how long one waits; 0: until its turn comes
}

func newTurns(patience time.Duration) turns {
	return turns{taken: make(chan struct{}, maxReads), waiting: new(atomic.Int64), patience: patience}
}

func (t turns) take() error {
	select {
	case t.taken <- struct{}{}:
		return nil
	default:
	}
	defer t.waiting.Add(-1)
	if t.waiting.Add(1) > maxWaiting {
		return errBusy
	}
	var end <-chan time.Time
	if t.patience > 0 {
		timer := time.NewTimer(t.patience)
		defer timer.Stop()
		end = timer.C
	}
	select {
	case t.taken <- struct{}{}:
		return nil
	case <-end:
		return errBusy
	}
}

func (t turns) giveBack() { <-t.taken }
