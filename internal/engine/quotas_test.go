package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/limit/local"
	"github.com/keystile/keystile/internal/quota"
	"github.com/keystile/keystile/internal/storage"
	"github.com/keystile/keystile/internal/usage"
)

// till is a store that keeps the cost of each key, once a batch has taken its
// time.
type till struct {
	*handle
	batch func() // what a batch waits for

	mu    sync.Mutex
	costs map[keys.ID]int64
}

func (s *till) ApplyUsage(_ context.Context, b storage.UsageBatch) error {
	s.batch()
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range b.Cells {
		s.costs[b.Cells[i].KeyID] += b.Cells[i].Cost
	}
	return nil
}

func (s *till) View(_ context.Context, fn func(storage.Reader) error) error {
	return fn(tillReader{till: s})
}

type tillReader struct {
	storage.Reader
	till *till
}

// UsageCost is that of old, where the whole isn't asked for.
func (r tillReader) UsageCost(_ context.Context, of storage.UsageOf, _ time.Time) (int64, error) {
	if !of.Whole {
		return 0, nil
	}
	r.till.mu.Lock()
	defer r.till.mu.Unlock()
	return r.till.costs[of.Lineage], nil
}

// counting is an engine on a till.
type counting struct {
	*Engine
	till *till
}

func newCounting(t *testing.T, batch func()) *counting {
	t.Helper()
	s := &till{handle: newHandle(newShelf()), batch: batch, costs: map[keys.ID]int64{}}
	settings := tenSeconds
	settings.Hasher = keys.NewHasher(nil)
	e, err := newEngine(Config{
		Store: s, Limiter: local.New(time.Now()), Now: time.Now, Node: "alone", Log: slog.New(slog.DiscardHandler), Stats: new(Stats),
	}, &settings)
	must(t, err)
	t.Cleanup(func() { must(t, e.Hurry(0)) })
	return &counting{e, s}
}

// use counts a call that passed.
func (c *counting) use(id keys.ID) {
	var counters usage.Counters
	c.recorder.Bind(&counters)
	counters.Count(id, usage.Event{At: c.cfg.Now(), Status: 200, Cost: 1})
}

// take asks a key's quota of two calls for one.
func (c *counting) take(ctx context.Context, id keys.ID) (granted bool, err error) {
	claims := []quota.Claim{{
		Subject: quota.Subject{Kind: quota.OfKey, Lineage: string(id)}, Quotas: []quota.Quota{{Max: 2, Period: quota.Month}},
	}}
	_, granted, err = c.Quotas().Take(ctx, claims, 1, c.cfg.Now())
	return granted, err
}

// traffic is calls of another key until the end.
func (c *counting) traffic() (end func()) {
	over := make(chan struct{})
	go func() {
		for {
			select {
			case <-over:
				return
			case <-time.After(time.Millisecond):
				c.use("key_busy")
			}
		}
	}()
	return func() { close(over) }
}

func TestThousandsOfColdQuotasShareAFlushAndCountWhatCameBefore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCounting(t, func() { time.Sleep(2 * time.Millisecond) })
		defer c.traffic()()
		const cold = 3000
		var granted, refused atomic.Int64
		var requests sync.WaitGroup
		for i := range cold {
			requests.Go(func() {
				id := keys.ID(fmt.Sprint("key_", i))
				c.use(id) // one of two, before there was a counter
				for range 2 {
					switch ok, err := c.take(t.Context(), id); {
					case ok:
						granted.Add(1)
					case err == nil:
						refused.Add(1)
					}
				}
			})
		}
		requests.Wait()
		if granted.Load() != cold || refused.Load() != cold {
			t.Errorf("%d granted and %d refused, want %d each", granted.Load(), refused.Load(), cold)
		}
		// One that is under way when they come, and one for them all.
		if n := c.Stats().StoreFlushes.Load(); n > 2 {
			t.Errorf("%d transactions for quotas that were asked for at once", n)
		}
	})
}

func TestNoQuotaWaitsForAStuckFlushLongerThanItsContextOrTheTimeOfALookup(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ patience, want time.Duration }{
		"a short context": {500 * time.Millisecond, 500 * time.Millisecond},
		"a long one":      {time.Minute, lookupTimeout},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				stuck := make(chan struct{})
				c := newCounting(t, func() { <-stuck })
				c.use("key_a")
				ctx, cancel := context.WithTimeout(t.Context(), test.patience)
				defer cancel()
				asked := time.Now()
				var requests sync.WaitGroup
				for range 3 {
					requests.Go(func() {
						granted, err := c.take(ctx, "key_a")
						if granted || !errors.Is(err, context.DeadlineExceeded) || time.Since(asked) != test.want {
							t.Errorf("granted %v, %v after %v", granted, err, time.Since(asked))
						}
					})
				}
				requests.Wait()
				close(stuck)
				synctest.Wait()
				if granted, err := c.take(t.Context(), "key_a"); !granted || err != nil {
					t.Errorf("once the store goes on: %v, %v", granted, err)
				}
				if granted, err := c.take(t.Context(), "key_a"); granted || err != nil {
					t.Errorf("what was counted before isn't summed up: %v, %v", granted, err)
				}
			})
		})
	}
}
