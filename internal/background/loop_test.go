package background_test

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/keystile/keystile/internal/background"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// counted is a loop that counts its runs.
type counted struct {
	*background.Loop
	runs atomic.Int64
}

func setup(interval time.Duration) *counted {
	c := &counted{}
	c.Loop = background.NewLoop(interval, func(context.Context) { c.runs.Add(1) })
	return c
}

func (c *counted) want(t *testing.T, runs int64, when string) {
	t.Helper()
	synctest.Wait()
	if got := c.runs.Load(); got != runs {
		t.Errorf("%d runs %s, want %d", got, when, runs)
	}
}

func TestJobRunsEveryInterval(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := setup(time.Minute)
		c.Start(t.Context())
		defer c.Stop()
		c.want(t, 0, "at first")
		time.Sleep(time.Minute)
		c.want(t, 1, "after one interval")
		time.Sleep(time.Hour)
		c.want(t, 61, "after an hour more")
	})
}

func TestIntervalCanBeChangedWhileRunning(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := setup(time.Hour)
		c.Start(t.Context())
		defer c.Stop()
		time.Sleep(30 * time.Minute)
		c.SetInterval(time.Second)
		synctest.Wait()
		time.Sleep(10 * time.Second)
		c.want(t, 10, "ten seconds after the change to one second")
		c.SetInterval(0)
		synctest.Wait()
		time.Sleep(time.Hour)
		c.want(t, 10, "without an interval")
		c.SetInterval(time.Minute)
		synctest.Wait()
		time.Sleep(time.Minute)
		c.want(t, 11, "with an interval again")
	})
}

func TestSettingTheSameIntervalDoesNotPutARunOff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := setup(time.Minute)
		c.Start(t.Context())
		defer c.Stop()
		for range 10 {
			time.Sleep(30 * time.Second)
			c.SetInterval(time.Minute)
		}
		c.want(t, 5, "in five minutes of reloads")
	})
}

func TestKickRunsAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := setup(time.Hour)
		c.Start(t.Context())
		defer c.Stop()
		c.Kick()
		c.want(t, 1, "after a kick")
		c.Kick()
		c.want(t, 2, "after another")
	})
}

func TestKickBeforeStartIsNotForgotten(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := setup(time.Hour)
		c.Kick()
		c.Kick()
		c.Start(t.Context())
		defer c.Stop()
		c.want(t, 1, "after kicks before the start")
	})
}

func TestStopReturnsOnlyAfterTheLastRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var over atomic.Bool
		l := background.NewLoop(time.Second, func(ctx context.Context) {
			<-ctx.Done() // told to end, and yet not at its end
			time.Sleep(time.Minute)
			over.Store(true)
		})
		l.Start(t.Context())
		time.Sleep(time.Second)
		synctest.Wait()
		var stops sync.WaitGroup
		for range 3 {
			stops.Go(func() {
				l.Stop()
				if !over.Load() {
					t.Error("stopped while the last run was under way")
				}
			})
		}
		stops.Wait()
	})
}

func TestSlowRunsNeverOverlapNorPileUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var running, runs atomic.Int64
		l := background.NewLoop(time.Second, func(context.Context) {
			if running.Add(1) > 1 {
				t.Error("two runs at once")
			}
			time.Sleep(10 * time.Second)
			runs.Add(1)
			running.Add(-1)
		})
		l.Start(t.Context())
		time.Sleep(time.Minute)
		l.Stop()
		if got := runs.Load(); got < 5 || got > 7 {
			t.Errorf("%d runs of ten seconds in a minute", got)
		}
	})
}

func TestStartAndStopMayBeCalledTwiceAndInTheWrongOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := setup(time.Minute)
		c.Stop()
		c.Stop()
		c.Start(t.Context())
		c.Start(t.Context())
		time.Sleep(time.Minute)
		c.want(t, 1, "of a loop started twice")
		c.Stop()
		c.Stop()
		time.Sleep(time.Hour)
		c.want(t, 1, "after the stop")
		c.Start(t.Context())
		time.Sleep(time.Minute)
		c.want(t, 2, "after a new start")
		c.Stop()
	})
}

func TestEndOfItsContextEndsTheLoop(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := setup(time.Minute)
		ctx, cancel := context.WithCancel(t.Context())
		c.Start(ctx)
		cancel()
		time.Sleep(time.Hour)
		c.want(t, 0, "after the end of the context")
		c.Start(t.Context())
		time.Sleep(time.Minute)
		c.want(t, 1, "after a new start")
		c.Stop()
	})
}

func TestLoopBeginsAnewOnlyAfterItsLastRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var running atomic.Int64
		l := background.NewLoop(0, func(context.Context) {
			if running.Add(1) > 1 {
				t.Error("two runs at once")
			}
			time.Sleep(time.Minute)
			running.Add(-1)
		})
		ctx, cancel := context.WithCancel(t.Context())
		l.Start(ctx)
		l.Kick()
		synctest.Wait()
		cancel()
		l.Kick()
		l.Start(t.Context())
		synctest.Wait()
		l.Stop()
	})
}

func TestStoppedLoopDoesNotRunForAKickThatCameWithTheStop(t *testing.T) {
	t.Parallel()
	for range 200 {
		c := setup(0)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		c.Kick()
		c.Start(ctx)
		c.Stop()
		if got := c.runs.Load(); got != 0 {
			t.Fatalf("%d runs under a context that had ended", got)
		}
	}
}

// Anything, from anywhere, at any time: afterwards nothing runs, runs never
// overlapped, and a loop that was started again works.
func TestLoopSurvivesAnyOrderOfCallsFromManyGoroutines(t *testing.T) {
	t.Parallel()
	var running atomic.Int64
	l := background.NewLoop(10*time.Microsecond, func(context.Context) {
		if running.Add(1) > 1 {
			t.Error("two runs at once")
		}
		running.Add(-1)
	})
	var callers sync.WaitGroup
	for seed := range uint64(16) {
		callers.Go(func() {
			random := rand.New(rand.NewPCG(seed, 0))
			for range 500 {
				callAny(t, l, random)
			}
		})
	}
	callers.Wait()
	l.Stop()
	if running.Load() != 0 {
		t.Error("a run goes on after Stop")
	}
}

func callAny(t *testing.T, l *background.Loop, random *rand.Rand) {
	switch random.IntN(6) {
	case 0, 1:
		l.Start(t.Context())
	case 2:
		ctx, cancel := context.WithCancel(t.Context())
		l.Start(ctx)
		cancel()
	case 3:
		l.Stop()
	case 4:
		l.Kick()
	default:
		l.SetInterval(time.Duration(random.IntN(3)) * 10 * time.Microsecond)
	}
}
