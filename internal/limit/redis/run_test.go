package redis_test

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/keystile/keystile/internal/limit"
	"github.com/keystile/keystile/internal/limit/limittest"
	"github.com/keystile/keystile/internal/limit/redis"
	"github.com/keystile/keystile/internal/servertest"
)

// drainable is a bucket that doesn't refill while a test looks.
func drainable() []*limit.Limit {
	return []*limit.Limit{{Name: "live", Rate: limit.Rate{N: 10, Per: 24 * time.Hour, Burst: 10}}}
}

// drain takes until a denial, and returns how many were granted.
func drain(t *testing.T, l limit.Limiter) (n int) {
	t.Helper()
	for s, limits := limittest.Subject(l, "key_1"), drainable(); ; n++ {
		d, err := s.Take(t.Context(), limits, 1, time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		if !d.Granted {
			return n
		}
	}
}

// own is a Redis of the test's own.
func own(t *testing.T, settings ...string) (*servertest.Redis, redis.Config) {
	t.Helper()
	r, err := servertest.NewRedis(settings...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return r, redis.Config{Server: &goredis.Options{Addr: r.Address()}, Patience: 5 * time.Second}
}

func TestARedisThatIsStartedAgainHandsOutNothingTwice(t *testing.T) {
	t.Parallel()
	for name, settings := range map[string][]string{
		"with an old snapshot":        {"--dbfilename", "old.rdb"},
		"with all that it wrote down": {"--appendonly", "yes"},
		"empty":                       {"--dbfilename", "none.rdb"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, cfg := own(t, settings...)
			l := join(t, cfg, 1)
			if d, err := limittest.Subject(l, "key_1").Take(t.Context(), drainable(), 0, time.Time{}); err != nil || !d.Granted {
				t.Fatal(d, err)
			}
			if name == "with an old snapshot" {
				if said, err := r.Do("SAVE"); err != nil {
					t.Fatal(said, err)
				}
			}
			if n := drain(t, l); n != 10 {
				t.Fatalf("%d granted of 10", n)
			}
			must(t, r.Kill())
			must(t, r.Start())
			l.Beat()
			await(t, l)
			for _, node := range []*redis.Limiter{l, join(t, cfg, 2)} {
				await(t, node)
				if n := drain(t, node); n != 0 {
					t.Errorf("%d granted again", n)
				}
			}
		})
	}
}

// await waits until Redis counts a node as present.
func await(t *testing.T, l *redis.Limiter) {
	t.Helper()
	for late := time.Now().Add(20 * time.Second); !l.Joined(); {
		if time.Now().After(late) {
			t.Fatal("the node doesn't join")
		}
		l.Beat()
	}
}

func TestALimiterThatIsNotStartedAsksNobody(t *testing.T) {
	t.Parallel()
	asked := false
	cfg := redis.Config{Node: "one", Clock: func() limit.Instant { return 0 }, Server: &goredis.Options{
		Dialer: func(context.Context, string, string) (net.Conn, error) {
			asked = true
			return nil, errCut
		},
	}}
	l := redis.New(cfg)
	l.SetNodes(1)
	if n := drain(t, l); n != 10 {
		t.Errorf("%d granted of 10, by a node that is alone", n)
	}
	l.SetDeny(true)
	if _, err := limittest.Subject(l, "key_1").Take(t.Context(), drainable(), 1, time.Time{}); !errors.Is(err, limit.ErrUnavailable) {
		t.Errorf("where it is to deny: %v", err)
	}
	l.Stop()
	if asked {
		t.Error("it asked")
	}
}
