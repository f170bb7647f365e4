package redis_test

import (
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/keystile/keystile/internal/limit"
	"github.com/keystile/keystile/internal/limit/limittest"
	"github.com/keystile/keystile/internal/limit/redis"
	"github.com/keystile/keystile/internal/servertest"
)

// Redis says what is stored when it answers, which may be long behind the
// question. A node that lost it then must not count that time twice.
func TestAShareBehindALateAnswerPassesNoLimit(t *testing.T) {
	t.Parallel()
	const perSecond, burst = 100, 50
	line, err := servertest.NewProxy(shared.Address())
	must(t, err)
	t.Cleanup(func() { must(t, line.Close()) })
	l := join(t, redis.Config{Name: fleet(), Server: &goredis.Options{Addr: line.Address()}, Patience: time.Second}, 1)
	s := limittest.Subject(l, "key_1")
	limits := []*limit.Limit{{Name: "live", Rate: limit.Rate{N: perSecond, Per: time.Second, Burst: burst}}}

	began, allowed := time.Now(), 0
	for take(t, s, limits, 1).Granted {
		allowed++
	}
	const late = 50 * time.Millisecond // each way
	line.Delay(late)
	for asked := false; !asked; { // by what comes back once a unit has refilled
		before := time.Now()
		if take(t, s, limits, 1).Granted {
			allowed++
		}
		asked = time.Since(before) > late
	}
	line.Cut()
	for l.Joined() {
		if take(t, s, limits, 1).Granted {
			allowed++
		}
	}
	for take(t, s, limits, 1).Granted {
		allowed++
	}
	if most := burst + perSecond*time.Since(began).Seconds(); float64(allowed) > most {
		t.Errorf("%d are allowed, want %.1f at most", allowed, most)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
