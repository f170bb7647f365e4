package duel

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/keystile/keystile/bench/internal/contender"
	"github.com/keystile/keystile/bench/internal/proctime"
)

const (
	flushed   = 1100 * time.Millisecond // somewhat longer than the flush_interval here
	lookEvery = 1500 * time.Millisecond // longer than any flush_interval here
	atRest    = lookEvery / 20
	restFor   = 5 * time.Minute
)

// rest waits until a contender has done what its last requests left it to do,
// such as writing down that they were made. It returns what has been used up.
func (t *turn) rest() (time.Duration, error) {
	last, err := proctime.Used(t.pids)
	for range restFor / lookEvery {
		if err != nil {
			return 0, err
		}
		time.Sleep(lookEvery)
		used, failed := proctime.Used(t.pids)
		if failed == nil && used-last < atRest {
			return used, nil
		}
		last, err = used, failed
	}
	return 0, errors.New("it doesn't come to rest")
}

// settle has a contender do at once what it would do from time to time: add up
// all that it has counted. All rest as long for that, but a fleet: its leases
// would flow back, and it adds up what it counts of its few keys by itself.
func (t *turn) settle(ctx context.Context) error {
	if t.contender.Fleet {
		return nil
	}
	time.Sleep(flushed)
	if !t.contender.Sums {
		return nil
	}
	if _, err := get(ctx, "http://"+address(t.place.Side)+contender.SumsPath, t.set.Token); err != nil {
		return fmt.Errorf("ask for sums: %w", err)
	}
	return nil
}
