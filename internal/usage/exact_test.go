package usage_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/usage"
)

// flaky fails one in four transactions before anything is written, and one in
// four after everything was; each takes a while, some longer than the timeout.
func (s *store) flaky(random *rand.Rand) {
	s.before = func(ctx context.Context) error {
		if random.IntN(4) == 0 {
			return errDown
		}
		select {
		case <-time.After(time.Duration(random.Int64N(int64(flushTimeout + flushTimeout/4)))):
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	s.after = func(context.Context) error {
		if random.IntN(4) == 0 {
			return errLost
		}
		return nil
	}
}

// counter is a crowd of clients that knows what it was granted.
type counter struct {
	calls, denied, cost atomic.Int64
}

// client makes a hundred requests with one key, and now and then gets a new
// handle, as a key does that left the cache and came back.
func (n *counter) client(r *usage.Recorder, id keys.ID, random *rand.Rand) {
	c := r.Counters(id)
	for range 100 {
		if random.IntN(10) == 0 {
			c = r.Counters(id)
		}
		if random.IntN(5) == 0 {
			c.Count(denial(time.Now()))
			n.denied.Add(1)
		} else {
			e := call(time.Now())
			e.Cost = random.Int64N(9)
			c.Count(e)
			n.calls.Add(1)
			n.cost.Add(e.Cost)
		}
		time.Sleep(time.Duration(random.Int64N(int64(200 * time.Millisecond))))
	}
}

func TestDATA02SumsAreExactWhateverTheStoreDoes(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { checkExact(t, seed) })
		})
	}
}

func checkExact(t *testing.T, seed uint64) {
	s := newStore(t)
	s.flaky(rand.New(rand.NewPCG(seed, 0)))
	r := usage.NewRecorder(uuid.NewString())
	usage.SetBatchBound(r, 5)
	f := usage.NewFlusher(r, s, usage.FlusherConfig{Interval: time.Second, Timeout: flushTimeout, Now: time.Now})
	f.Start(t.Context())

	ids := []keys.ID{"key_1", "key_2", "key_3", "key_4", "key_5", "key_6", "key_7"}
	sent := make([]counter, len(ids))
	var clients sync.WaitGroup
	for i := range uint64(64) {
		clients.Go(func() {
			k := i % uint64(len(ids))
			sent[k].client(r, ids[k], rand.New(rand.NewPCG(seed, i+1)))
		})
	}
	clients.Wait()
	s.fail(nil, nil)
	if err := f.Stop(); err != nil {
		t.Fatalf("stop: %v", err)
	}
	for i, id := range ids {
		got := s.total(id)
		got.last = time.Time{}
		if want := (total{sent[i].calls.Load(), sent[i].denied.Load(), sent[i].cost.Load(), time.Time{}}); got != want {
			t.Errorf("%s: the store has %+v, its clients count %+v", id, got, want)
		}
	}
}

// Without virtual time, so that counts and sweeps really meet.
func TestNoCountFallsBetweenTwoSweeps(t *testing.T) {
	t.Parallel()
	b := setup(t)
	const clients, each = 16, 2000
	c := b.Counters("key_1")
	done := make(chan struct{})
	var counting, flushing sync.WaitGroup
	flushing.Go(func() {
		for {
			select {
			case <-done:
				return
			default:
				if err := b.Flush(t.Context()); err != nil {
					t.Error(err)
				}
			}
		}
	})
	for range clients {
		counting.Go(func() {
			for range each {
				c.Count(call(noon))
			}
		})
	}
	counting.Wait()
	close(done)
	flushing.Wait()
	b.flush(t, nil)
	b.store.wantCalls("key_1", clients*each)
}
