package usage_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/keystile/keystile/internal/keys"
)

// hold has transactions wait until the returned function is called. During each
// of them, somebody makes a call with another key.
func (b *bench) hold() (release func()) {
	held := make(chan struct{})
	b.store.before = func(ctx context.Context) error {
		<-held
		b.count("key_busy", 1)
		return ctx.Err()
	}
	return func() { close(held) }
}

// ask asks for a flush beside the test, and returns where its error comes.
func (b *bench) ask(ctx context.Context) <-chan error {
	answer := make(chan error, 1)
	go func() { answer <- b.Flush(ctx) }()
	return answer
}

func TestAllWhoAskDuringAFlushShareTheNextAndFindTheirCountsStored(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setup(t)
		release := b.hold()
		b.count("key_before", 1)
		first := b.ask(t.Context())
		synctest.Wait() // that one is under way: it says nothing of what follows
		answers := map[keys.ID]<-chan error{}
		for i := range 1000 {
			id := keys.ID(fmt.Sprint("key_", i))
			b.count(id, 1)
			answers[id] = b.ask(t.Context())
		}
		synctest.Wait()
		release()
		if err := <-first; err != nil {
			t.Error(err)
		}
		for id, answer := range answers {
			if err := <-answer; err != nil {
				t.Error(err)
			}
			b.store.wantCalls(id, 1)
		}
		b.store.wantTransactions(2, "for 1001 who asked")
	})
}

func TestAFailedFlushFailsForAllWhoSharedItAndIsMadeUpForByTheNext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setup(t)
		b.store.fail(errDown, nil)
		b.count("key_1", 1)
		answers := []<-chan error{b.ask(t.Context()), b.ask(t.Context()), b.ask(t.Context())}
		for _, answer := range answers {
			if err := <-answer; !errors.Is(err, errDown) {
				t.Errorf("flush: %v", err)
			}
		}
		b.store.fail(nil, nil)
		b.flush(t, nil)
		b.store.wantCalls("key_1", 1)
	})
}

func TestNobodyWaitsForAFlushLongerThanTheirContextAndTheFlushGoesOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setup(t)
		release := b.hold()
		b.count("key_1", 1)
		asked := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		first := b.ask(ctx)
		synctest.Wait()
		b.count("key_1", 1)
		for _, answer := range []<-chan error{first, b.ask(ctx), b.ask(ctx)} {
			if err := <-answer; !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("flush beside a store that hangs: %v", err)
			}
		}
		if waited := time.Since(asked); waited != time.Second {
			t.Errorf("they waited for %v", waited)
		}
		release()
		synctest.Wait()
		b.store.wantCalls("key_1", 2)
	})
}

func TestNothingIsWrittenBehindTheLastFlush(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setup(t)
		release := b.hold()
		b.Start(t.Context())
		b.count("key_1", 1)
		first := b.ask(t.Context())
		synctest.Wait()
		b.count("key_1", 1)
		second := b.ask(t.Context())
		stopped := make(chan error)
		go func() { stopped <- b.Stop() }()
		synctest.Wait()
		release()
		if err := errors.Join(<-first, <-stopped); err != nil {
			t.Error(err)
		}
		b.count("key_1", 1)
		synctest.Wait()
		b.store.wantCalls("key_1", 2)
		if err := <-second; err == nil {
			t.Error("a flush that never began was said to have succeeded")
		}
	})
}
