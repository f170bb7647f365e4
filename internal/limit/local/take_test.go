package local_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/keystile/keystile/internal/limit"
	"github.com/keystile/keystile/internal/limit/limittest"
	"github.com/keystile/keystile/internal/limit/local"
)

// fourLimits are far too wide to deny.
func fourLimits() []*limit.Limit {
	var limits []*limit.Limit
	for _, name := range []string{"live", "plan", "route", "all"} {
		rate := limit.Rate{N: 1_000_000, Per: time.Second, Burst: 1 << 40}
		limits = append(limits, &limit.Limit{Name: name, Rate: rate})
	}
	return limits
}

func TestTakeDoesNotAllocate(t *testing.T) {
	b := setup() // AllocsPerRun counts what any goroutine allocates: not parallel
	for n := 1; n <= limit.MaxLimits; n++ {
		limits := append(fourLimits()[:n-1], b.limit) // the last one denies
		s := limittest.Subject(b.limiter, fmt.Sprint("key_", n))
		take := func() {
			if _, err := s.Take(context.Background(), limits, 1, b.start); err != nil {
				t.Fatal(err)
			}
		}
		take()
		if got := testing.AllocsPerRun(1000, take); got != 0 {
			t.Errorf("%v allocations for each take from %d limits", got, n)
		}
	}
}

func TestSixtyFourClientsGetWhatTheLimitAllowsAndNoMore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const span, most = 5 * time.Second, 20 + 5*10
		l := &limit.Limit{Name: "live", Rate: limit.Rate{N: 10, Per: time.Second, Burst: 20}}
		start := time.Now()
		s := limittest.Subject(local.New(start), "key_1")
		var granted atomic.Int64
		var clients sync.WaitGroup
		for i := range 64 {
			clients.Go(func() {
				for time.Since(start) < span {
					d, err := s.Take(t.Context(), []*limit.Limit{l}, 1, time.Now())
					if err != nil {
						t.Error(err)
					}
					if d.Granted {
						granted.Add(1)
					}
					time.Sleep(time.Duration(i+1) * 731 * time.Microsecond)
				}
			})
		}
		clients.Wait()
		if got := granted.Load(); got > most || got*100 < most*95 {
			t.Errorf("%d granted, want %d or up to 5%% less", got, most)
		}
	})
}

func BenchmarkTake(b *testing.B) {
	for _, n := range []int{1, limit.MaxLimits} {
		limits := fourLimits()[:n]
		b.Run(fmt.Sprint("limits=", n), func(b *testing.B) {
			start := time.Now()
			s := limittest.Subject(local.New(start), "key_1")
			b.ReportAllocs()
			for b.Loop() {
				_, _ = s.Take(context.Background(), limits, 1, start)
			}
		})
		b.Run(fmt.Sprint("parallel,limits=", n), func(b *testing.B) {
			start := time.Now()
			l := local.New(start)
			var id atomic.Int64
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				s := limittest.Subject(l, fmt.Sprint("key_", id.Add(1)))
				for pb.Next() {
					_, _ = s.Take(context.Background(), limits, 1, start)
				}
			})
		})
	}
	b.Run("parallel,one key", func(b *testing.B) {
		start := time.Now()
		limits := fourLimits()[:1]
		s := limittest.Subject(local.New(start), "key_1")
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				_, _ = s.Take(context.Background(), limits, 1, start)
			}
		})
	})
}
