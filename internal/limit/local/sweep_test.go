package local_test

import (
	"context"
	"fmt"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/limit"
	"github.com/keystile/keystile/internal/limit/limittest"
	"github.com/keystile/keystile/internal/limit/local"
)

// bench is a limiter and one limit of 20 that refills in two seconds.
type bench struct {
	limiter *local.Limiter
	start   time.Time
	limit   *limit.Limit
}

func setup() bench {
	start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	return bench{
		limiter: local.New(start),
		start:   start,
		limit:   &limit.Limit{Name: "live", Rate: limit.Rate{N: 10, Per: time.Second, Burst: 20}},
	}
}

// take takes n times, and returns how many were granted.
func (b bench) take(t testing.TB, s *limittest.Handle, at time.Duration, n int) (granted int) {
	t.Helper()
	limits := []*limit.Limit{b.limit}
	for range n {
		d, err := s.Take(t.Context(), limits, 1, b.start.Add(at))
		if err != nil {
			t.Fatal(err)
		}
		if d.Granted {
			granted++
		}
	}
	return granted
}

func TestSweepForgetsWhoseBucketsAreFullAndNobodyElse(t *testing.T) {
	t.Parallel()
	b := setup()
	b.take(t, limittest.Subject(b.limiter, "key_little"), 0, 1)
	b.take(t, limittest.Subject(b.limiter, "key_much"), 0, 20)
	for _, c := range []struct {
		at   time.Duration
		want int
	}{{99 * time.Millisecond, 2}, {100 * time.Millisecond, 1}, {1999 * time.Millisecond, 1}, {2 * time.Second, 0}} {
		b.limiter.Sweep(b.start.Add(c.at))
		if got := b.limiter.Len(); got != c.want {
			t.Errorf("%d subjects in memory after a sweep at %v, want %d", got, c.at, c.want)
		}
	}
}

func TestHandleThatOutlivesASweepStillSpendsFromTheOneBucket(t *testing.T) {
	t.Parallel()
	b := setup()
	old := limittest.Subject(b.limiter, "key_1")
	b.take(t, old, 0, 20)
	later := 10 * time.Second
	b.limiter.Sweep(b.start.Add(later))
	granted := b.take(t, limittest.Subject(b.limiter, "key_1"), later, 15)
	granted += b.take(t, old, later, 15)
	granted += b.take(t, limittest.Subject(b.limiter, "key_1"), later, 15)
	if granted != 20 {
		t.Errorf("%d granted to three handles of one key, want 20", granted)
	}
}

func TestNothingIsKeptForASubjectThatIsNeverLimited(t *testing.T) {
	t.Parallel()
	b := setup()
	if d, err := limittest.Subject(b.limiter, "key_1").Take(t.Context(), nil, 1, b.start); err != nil || !d.Granted {
		t.Errorf("without limits: %+v, %v", d, err)
	}
	if got := b.limiter.Len(); got != 0 {
		t.Errorf("%d subjects in memory, want none", got)
	}
}

// The clock stands still, so that nothing refills: however sweeps and takes
// fall, each key must spend its bucket exactly once.
func TestSweepsBesideRequestsNeverHandOutASecondBucket(t *testing.T) {
	t.Parallel()
	b := setup()
	const subjects, clients = 200, 8
	var granted [subjects]atomic.Int64
	var requests, sweeps sync.WaitGroup
	done := make(chan struct{})
	sweeps.Go(func() {
		for {
			select {
			case <-done:
				return
			default:
				b.limiter.Sweep(b.start)
			}
		}
	})
	for range clients {
		requests.Go(func() {
			for i := range subjects {
				s := limittest.Subject(b.limiter, fmt.Sprint("key_", i))
				granted[i].Add(int64(b.take(t, s, 0, 10)))
			}
		})
	}
	requests.Wait()
	close(done)
	sweeps.Wait()
	for i := range granted {
		if got := granted[i].Load(); got != 20 {
			t.Errorf("key_%d: %d granted of a bucket of 20", i, got)
		}
	}
}

func TestLimitsThatAreNoLongerConfiguredAreForgotten(t *testing.T) {
	t.Parallel()
	b := setup()
	s := limittest.Subject(b.limiter, "key_1")
	at := time.Duration(0)
	for i := range 2000 {
		limits := []*limit.Limit{{Name: fmt.Sprint("route ", i), Rate: b.limit.Rate}}
		if _, err := s.Take(t.Context(), limits, 1, b.start.Add(at)); err != nil {
			t.Fatal(err)
		}
		at += 10 * time.Millisecond
		b.limiter.Sweep(b.start.Add(at))
	}
	if got := local.CellsOf(b.limiter, "key_1"); got > local.ManyCells+1 {
		t.Errorf("%d buckets of a key that is never idle, want %d at most", got, local.ManyCells+1)
	}
}

// This test measures the heap, so nothing runs beside it.
func TestMillionSubjectsTouchedOnceLeaveNothingBehind(t *testing.T) {
	if testing.Short() {
		t.Skip("touches a million subjects")
	}
	const subjects, bytesEach, leftover = 1_000_000, 400, 4 << 20
	b := setup()
	limits := []*limit.Limit{b.limit}
	before := heap()
	for i := range subjects {
		s := limittest.Subject(b.limiter, "key_0123456789abc"+strconv.Itoa(subjects+i))
		if _, err := s.Take(context.Background(), limits, 1, b.start); err != nil {
			t.Fatal(err)
		}
	}
	full := heap() - before
	if got := b.limiter.Len(); got != subjects || full > subjects*bytesEach {
		t.Errorf("%d subjects take %d bytes each, want %d at most", got, full/subjects, bytesEach)
	}
	b.limiter.Sweep(b.start.Add(time.Second))
	if got, left := b.limiter.Len(), heap()-before; got != 0 || left > leftover {
		t.Errorf("after the sweep %d subjects and %d bytes are left", got, left)
	}
	t.Logf("%d bytes for each of %d subjects", full/subjects, subjects)
	runtime.KeepAlive(b.limiter)
}

// heap is how many bytes are in use.
func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
