package redis_test

import (
	"context"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/limit"
	"github.com/keystile/keystile/internal/limit/limittest"
	"github.com/keystile/keystile/internal/limit/redis"
)

// Alone on its Redis, a node answers to the nanosecond as the local limiter does.
func TestOneNodeAnswersAsTheLocalLimiterDoes(t *testing.T) {
	t.Parallel()
	limittest.Run(t, func(t *testing.T, start time.Time) limit.Limiter {
		l, clock := joinVirtual(t)
		return &told{l, clock, start}
	})
}

// told is a limiter whose clocks are set to what each request says, and which
// tells Redis of each request at once.
type told struct {
	*redis.Limiter
	clock *virtual
	start time.Time
}

func (l *told) Take(ctx context.Context, of limit.Subject, limits []*limit.Limit, cost limit.Cost, now time.Time) (limit.Decision, error) {
	const origin = time.Hour
	at := now.Sub(l.start)
	if l.clock.set(max(min(at, 1<<62)+origin, -(1 << 62))) {
		l.Beat() // as it does four times a second
	}
	d, err := l.Limiter.Take(ctx, of, limits, cost, now)
	l.Settle()
	return d, err
}
