package engine

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/events"
	"github.com/keystile/keystile/internal/limit"
	"github.com/keystile/keystile/internal/limit/local"
	"github.com/keystile/keystile/internal/storage/sqlite"
)

func TestItIsToldWhenTheStoreGoesAndWhenItIsBackAndNotAtEachFlutter(t *testing.T) {
	t.Parallel()
	f, l := listening(t)
	f.teller.watch.loop.Stop()
	f.follower.loop.Stop()
	want := func(gone, back int, when string) {
		t.Helper()
		f.teller.watch.look()
		f.settle(l)
		if g, b := len(l.of(events.StoreUnavailable)), len(l.of(events.StoreAvailable)); g != gone || b != back {
			t.Errorf("%s: told %d times that it went, and %d times that it is back; want %d and %d", when, g, b, gone, back)
		}
	}
	want(0, 0, "at first")
	f.confirmed.failing.Store(true)
	want(1, 0, "away")
	want(1, 0, "still away")
	for range 5 { // within the time that what was told stands
		f.confirmed.failing.Store(false)
		want(1, 0, "back for a moment")
		f.confirmed.failing.Store(true)
		want(1, 0, "away again")
	}
	f.confirmed.failing.Store(false)
	f.offset.Add(int64(settleFor))
	want(1, 1, "back")
	f.offset.Add(int64(2 * time.Hour)) // nothing was confirmed for longer than memory is believed
	want(2, 1, "silent")
	if state := l.of(events.StoreUnavailable)[1].Data["state"]; state != PartAway {
		t.Errorf("its state is %v", state)
	}
	if n := len(l.of(events.LimiterUnavailable)) + len(l.of(events.LimiterAvailable)); n != 0 {
		t.Errorf("%d events of a limiter that can't go away", n)
	}
}

// sharing is a limiter that says it is of a fleet.
type sharing struct{ limit.Limiter }

func (sharing) Start(context.Context, limit.Surroundings) {}
func (sharing) SetNodes(int)                              {}
func (sharing) SetDeny(bool)                              {}
func (sharing) Stop()                                     {}

func TestItIsToldWhenTheLimiterGoesAndWhenItIsBack(t *testing.T) {
	t.Parallel()
	f, l := setup(t), &ear{}
	store, err := sqlite.Open(f.path)
	must(t, err)
	e, err := New(Config{Store: store, Limiter: sharing{local.New(f.start)}, Now: f.now, Log: slog.New(slog.DiscardHandler), Stats: new(Stats), Node: "here"})
	must(t, err)
	t.Cleanup(func() { must(t, e.Hurry(0)) })
	f.Engine = e
	f.listens(e, l)
	e.teller.watch.loop.Stop()
	e.stats.Limits.Away.Add(1)
	e.teller.watch.look()
	e.teller.watch.look()
	e.stats.Limits.Away.Add(-1)
	f.offset.Add(int64(settleFor))
	e.teller.watch.look()
	f.settle(l)
	gone, back := l.of(events.LimiterUnavailable), l.of(events.LimiterAvailable)
	if len(gone) != 1 || gone[0].Data["state"] != PartShare || gone[0].Data["node"] != "here" || len(back) != 1 || back[0].Data["state"] != PartOK {
		t.Errorf("told that it went: %v; that it is back: %v", gone, back)
	}
}
