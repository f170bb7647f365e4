package redis_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/limit"
	"github.com/keystile/keystile/internal/limit/limittest"
	"github.com/keystile/keystile/internal/limit/redis"
)

// wide are far too wide to deny, and slices of them last.
func wide(n int) (limits []*limit.Limit) {
	for _, name := range []string{"live", "plan", "route", "all"}[:n] {
		limits = append(limits, &limit.Limit{Name: name, Rate: limit.Rate{N: 1_000_000, Per: time.Second, Burst: 1 << 40}})
	}
	return limits
}

// leaseFirst takes once, so that a slice is in hand.
func leaseFirst(t testing.TB, s *limittest.Handle, limits []*limit.Limit) {
	t.Helper()
	for late := time.Now().Add(20 * time.Second); ; {
		d, err := s.Take(t.Context(), limits, 1, time.Time{})
		if err == nil && d.Granted {
			return
		}
		if time.Now().After(late) { // on a busy machine, the first answer may take longer than a request waits
			t.Fatal(d, err)
		}
	}
}

func TestTakeFromWhatIsInHandDoesNotAllocate(t *testing.T) {
	l := join(t, redis.Config{Name: fleet()}, 1) // AllocsPerRun counts what any goroutine allocates: not parallel
	for n := 1; n <= limit.MaxLimits; n++ {
		limits, s := wide(n), limittest.Subject(l, fmt.Sprint("key_", n))
		leaseFirst(t, s, limits)
		got := testing.AllocsPerRun(10_000, func() {
			if _, err := s.Take(context.Background(), limits, 1, time.Time{}); err != nil {
				t.Fatal(err)
			}
		})
		if got != 0 {
			t.Errorf("%v allocations for each take from %d limits", got, n)
		}
	}
}

func BenchmarkTake(b *testing.B) {
	for _, n := range []int{1, limit.MaxLimits} {
		limits := wide(n)
		b.Run(fmt.Sprint("limits=", n), func(b *testing.B) {
			s := limittest.Subject(join(b, redis.Config{Name: fleet()}, 1), "key_1")
			leaseFirst(b, s, limits)
			b.ReportAllocs()
			for b.Loop() {
				_, _ = s.Take(context.Background(), limits, 1, time.Time{})
			}
		})
		b.Run(fmt.Sprint("parallel,limits=", n), func(b *testing.B) {
			l := join(b, redis.Config{Name: fleet()}, 1)
			var id atomic.Int64
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				s := limittest.Subject(l, fmt.Sprint("key_", id.Add(1)))
				leaseFirst(b, s, limits)
				for pb.Next() {
					_, _ = s.Take(context.Background(), limits, 1, time.Time{})
				}
			})
		})
	}
}

// BenchmarkAsk is a take that needs Redis each time.
func BenchmarkAsk(b *testing.B) {
	l := join(b, redis.Config{Name: fleet()}, 1)
	limits := wide(1)
	for i := 0; b.Loop(); i++ {
		leaseFirst(b, limittest.Subject(l, fmt.Sprint("key_", i)), limits)
	}
}
