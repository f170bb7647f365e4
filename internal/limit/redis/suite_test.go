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

func (l *told) Subject(id string) limit.Subject { return &toldSubject{l.Limiter.Subject(id), l} }

type toldSubject struct {
	limit.Subject
	limiter *told
}

func (s *toldSubject) Take(ctx context.Context, limits []*limit.Limit, cost limit.Cost, now time.Time) (limit.Decision, error) {
	const origin = time.Hour
	at := now.Sub(s.limiter.start)
	if s.limiter.clock.set(max(min(at, 1<<62)+origin, -(1 << 62))) {
		s.limiter.Beat() // as it does four times a second
	}
	d, err := s.Subject.Take(ctx, limits, cost, now)
	s.limiter.Settle()
	return d, err
}
