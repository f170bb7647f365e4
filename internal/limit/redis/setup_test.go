package redis_test

import (
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"github.com/keystile/keystile/internal/limit"
	"github.com/keystile/keystile/internal/limit/redis"
	"github.com/keystile/keystile/internal/servertest"
)

// shared is one Redis for all tests that do nothing to it; each has its own keys.
var shared struct {
	sync.Mutex
	*servertest.Redis
	names atomic.Int64
}

func TestMain(m *testing.M) {
	var failed error
	if shared.Redis, failed = servertest.NewRedis(); failed != nil {
		fmt.Println(failed)
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(func(int) {
		if shared.Redis != nil {
			_ = shared.Close()
		}
	}), goleak.IgnoreAnyFunction("os/exec.(*Cmd).Wait"))
}

// fleet is a name for keys that no other test uses.
func fleet() string { return fmt.Sprintf("test%d", shared.names.Add(1)) }

func options(t testing.TB) *goredis.Options {
	t.Helper()
	if shared.Redis == nil {
		t.Fatal("there is no Redis")
	}
	return &goredis.Options{Addr: shared.Address()}
}

// join starts a node by the machine's clock.
func join(t testing.TB, cfg redis.Config, nodes int) *redis.Limiter {
	t.Helper()
	if cfg.Server == nil {
		cfg.Server = options(t)
	}
	if cfg.Clock == nil {
		start := time.Now()
		cfg.Clock = func() limit.Instant { return limit.Instant(time.Since(start)) }
	}
	if cfg.Node == "" {
		cfg.Node = fmt.Sprintf("n%d", shared.names.Add(1))
	}
	l := redis.New(cfg)
	l.SetNodes(nodes)
	l.Start(t.Context(), surroundings())
	t.Cleanup(l.Stop)
	return l
}

// virtual is a clock that a test sets, for nodes and for Redis.
type virtual struct {
	t      testing.TB
	client *goredis.Client
	key    string
	mu     sync.Mutex
	redis  time.Duration // what Redis's clock says
	mono   atomic.Int64
}

func newVirtual(t testing.TB, name string) *virtual {
	v := &virtual{t: t, client: goredis.NewClient(options(t)), key: name + ":clock"}
	t.Cleanup(func() { _ = v.client.Close() })
	v.set(time.Hour)
	return v
}

// set sets Redis's clock. The nodes' never goes back.
func (v *virtual) set(at time.Duration) (jumped bool) {
	v.t.Helper()
	v.mu.Lock()
	defer v.mu.Unlock()
	if at == v.redis {
		return false
	}
	passed := at - v.redis
	if passed > 0 {
		v.mono.Add(int64(min(passed, limit.MaxWindow)))
	}
	v.redis = at
	text := strconv.FormatFloat(float64(at)/1e3, 'f', 3, 64)
	if err := v.client.Set(v.t.Context(), v.key, text, 0).Err(); err != nil {
		v.t.Error(err)
	}
	return passed.Abs() >= time.Second
}

func (v *virtual) now() limit.Instant { return limit.Instant(v.mono.Load()) }

func surroundings() limit.Surroundings {
	return limit.Surroundings{Log: slog.New(slog.DiscardHandler), Stats: new(limit.Stats)}
}
