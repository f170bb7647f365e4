package duel

import (
	"errors"
	"time"

	"github.com/keystile/keystile/bench/internal/proctime"
)

const (
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
