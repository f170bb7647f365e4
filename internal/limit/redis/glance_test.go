package redis_test

import (
	"errors"
	"maps"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/keystile/keystile/internal/limit"
	"github.com/keystile/keystile/internal/limit/limittest"
	"github.com/keystile/keystile/internal/limit/redis"
)

// look is what a glance says of one limit.
func look(t *testing.T, g *redis.Glance, id string, of *limit.Limit) limit.State {
	t.Helper()
	d, err := limittest.Subject(g, id).Take(t.Context(), []*limit.Limit{of}, 1, time.Time{})
	if err != nil || !d.Granted || d.Count != 1 {
		t.Fatalf("%+v, %v", d, err)
	}
	return d.States[0]
}

// contents are what Redis holds under a name.
func contents(t *testing.T, client *goredis.Client, name string) map[string]string {
	t.Helper()
	all := map[string]string{}
	found, err := client.Keys(t.Context(), name+":*").Result()
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range found {
		if all[key], err = client.Dump(t.Context(), key).Result(); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

func TestAGlanceSeesWhatIsLeftOfABucketAndTakesNothing(t *testing.T) {
	t.Parallel()
	name := fleet()
	client := goredis.NewClient(options(t))
	t.Cleanup(func() { _ = client.Close() })
	g := redis.NewGlance(redis.Config{Server: options(t), Name: name})
	t.Cleanup(func() { _ = g.Close() })
	hourly := &limit.Limit{Name: "live", Rate: limit.Rate{N: 10, Per: time.Hour, Burst: 100}}
	if s := look(t, g, "key_1", hourly); s.Remaining != 100 || s.Reset != 0 {
		t.Errorf("before there is a fleet: %+v", s)
	}
	node := join(t, redis.Config{Name: name, Patience: 20 * time.Second}, 1)
	leaseFirst(t, limittest.Subject(node, "key_1"), []*limit.Limit{hourly})
	if _, err := limittest.Subject(node, "key_1").Take(t.Context(), []*limit.Limit{hourly}, 29, time.Time{}); err != nil {
		t.Fatal(err)
	}
	for late := time.Now().Add(20 * time.Second); ; {
		s := look(t, g, "key_1", hourly)
		if s.Remaining == 70 {
			break
		}
		if s.Remaining < 70 || time.Now().After(late) { // more, until the node tells what it has spent
			t.Fatalf("while the node holds a slice: %+v", s)
		}
	}
	if s := look(t, g, "key_2", hourly); s.Remaining != 100 {
		t.Errorf("of another key: %+v", s)
	}
	node.Stop()
	before := contents(t, client, name)
	for range 3 {
		if s := look(t, g, "key_1", hourly); s.Remaining != 70 || s.Reset > 3*time.Hour || s.Reset < 2*time.Hour+50*time.Minute {
			t.Errorf("once the node is gone: %+v", s)
		}
	}
	narrow := &limit.Limit{Name: "live", Rate: limit.Rate{N: 10, Per: time.Hour, Burst: 50}}
	if s := look(t, g, "key_1", narrow); s.Remaining != 20 {
		t.Errorf("by another rate, with 30 spent: %+v", s)
	}
	if !maps.Equal(before, contents(t, client, name)) {
		t.Error("Redis isn't as it was")
	}
}

func TestAGlanceThatSeesNothingSaysSo(t *testing.T) {
	t.Parallel()
	g := redis.NewGlance(redis.Config{Server: &goredis.Options{Addr: "127.0.0.1:1"}})
	t.Cleanup(func() { _ = g.Close() })
	hourly := &limit.Limit{Name: "live", Rate: limit.Rate{N: 10, Per: time.Hour, Burst: 100}}
	if _, err := limittest.Subject(g, "key_1").Take(t.Context(), []*limit.Limit{hourly}, 0, time.Time{}); !errors.Is(err, limit.ErrUnavailable) {
		t.Error(err)
	}
}
