package events_test

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/keystile/keystile/internal/events"
)

func TestEventsAreHandedOnInTheirOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		one := &listener{}
		f := setup(t, one)
		defer f.Stop()
		f.Offer(events.Event{Name: "a"})
		f.Offer(events.Event{Name: "b"})
		if err := f.Put(t.Context(), events.Event{Name: "c"}); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		one.want(t, "a", "b", "c")
		f.wantDropped(t, 0)
	})
}

func TestASlowHandlerDelaysNobodyAndWhatIsTooMuchIsCounted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		one := &listener{hold: make(chan struct{})}
		f := setup(t, one)
		defer f.Stop()
		f.Offer(events.Event{Name: "first"})
		synctest.Wait() // it is with the handler
		for range 5000 {
			f.Offer(events.Event{Name: "more"}) // returns, or the bubble is stuck
		}
		dropped := f.dropped.Load()
		if dropped == 0 {
			t.Fatal("nothing was dropped of 5000 events that nobody took")
		}
		close(one.hold)
		synctest.Wait()
		if n := int64(len(one.heard)); n+dropped != 5001 {
			t.Errorf("%d handed on and %d dropped, of 5001", n, dropped)
		}
	})
}

func TestWhoeverCanWaitDropsNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		one := &listener{hold: make(chan struct{})}
		f := setup(t, one)
		defer f.Stop()
		go func() {
			for range 5000 {
				_ = f.Put(t.Context(), events.Event{Name: "one"})
			}
		}()
		synctest.Wait()
		close(one.hold)
		synctest.Wait()
		if len(one.heard) != 5000 {
			t.Errorf("%d of 5000 were handed on", len(one.heard))
		}
		f.wantDropped(t, 0)
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		f.Stop()
		for range 2000 {
			if f.Put(ended, events.Event{}) != nil {
				return
			}
		}
		t.Error("it waits for room though its context has ended")
	})
}

func TestAnEventOfAConfigurationThatEndsIsTheNextOnes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		first, second := &listener{hold: make(chan struct{})}, &listener{}
		f := setup(t, first)
		defer f.Stop()
		f.Offer(events.Event{Name: "a"})
		f.Offer(events.Event{Name: "b"})
		synctest.Wait()
		f.sink.Store(second)
		first.deaf.Store(true)
		close(first.hold)
		synctest.Wait()
		first.want(t)
		second.want(t, "a", "b")
		f.wantDropped(t, 0)

		second.deaf.Store(true)
		f.Offer(events.Event{Name: "c"})
		synctest.Wait()
		f.wantDropped(t, 1)
	})
}

func TestAHandlerThatPanicsEndsNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		next := &listener{}
		f := setup(t, &listener{loud: true})
		defer f.Stop()
		f.Offer(events.Event{Name: "a"})
		synctest.Wait()
		f.sink.Store(next)
		f.Offer(events.Event{Name: "b"})
		synctest.Wait()
		next.want(t, "b")
	})
}

// stuck is a handler that heeds nothing.
type stuck struct{ hold chan struct{} }

func (s *stuck) Wants(events.Name) bool { return true }

func (s *stuck) Emit(context.Context, events.Event) bool {
	<-s.hold
	return true
}

func TestAHandlerThatNeverReturnsKeepsNobodyFromTheEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f, one := &fixture{}, &stuck{make(chan struct{})}
		f.begin(t, func() events.Sink { return one })
		f.Offer(events.Event{Name: "a"})
		f.Offer(events.Event{Name: "b"})
		synctest.Wait()
		f.Stop() // returns, or the bubble is stuck
		f.wantDropped(t, 1)
		close(one.hold)
	})
}

func TestWithoutAnybodyToTellNothingIsWantedOrCounted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := setup(t, nil)
		defer f.Stop()
		if f.Wants(events.KeyRevoked) {
			t.Error("an event is wanted")
		}
		f.Offer(events.Event{Name: "a"})
		synctest.Wait()
		f.wantDropped(t, 0)
	})
}
