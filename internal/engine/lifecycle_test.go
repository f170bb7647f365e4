package engine

import (
	"runtime"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
	"github.com/keystile/keystile/internal/storage/sqlite"
	"github.com/keystile/keystile/internal/usage"
)

func (f *fixture) count(secret string) {
	f.t.Helper()
	entry, _, err := f.Find(f.t.Context(), secret, f.now())
	must(f.t, err)
	entry.Count(usage.Event{At: f.now(), Endpoint: usage.DefaultEndpoint, Project: usage.NoProject, Status: 200, Cost: 1})
}

func (f *fixture) calls(id keys.ID) (n int64) {
	f.t.Helper()
	must(f.t, f.other.View(f.t.Context(), func(r storage.Reader) error {
		totals, err := r.UsageTotals(f.t.Context(), []keys.ID{id})
		n = totals[id].Calls
		return err
	}))
	return n
}

func TestClosingWaitsForTheLastRequestAndStoresItsCall(t *testing.T) {
	t.Parallel()
	f := setup(t)
	k, secret := f.key(f.other, nil)
	at, _ := f.Enter()
	closed := make(chan error)
	go func() {
		_, err := f.Close(0)
		closed <- err
	}()
	select {
	case err := <-closed:
		t.Fatalf("closed while a request was under way: %v", err)
	default:
	}
	f.count(secret)
	f.Leave(at)
	must(t, <-closed)
	if n := f.calls(k.ID); n != 1 {
		t.Errorf("%d calls stored, want 1", n)
	}
	if _, ok := f.Enter(); ok {
		t.Error("a request got into a closed engine: its count would be lost")
	}
}

func TestAnEngineThatIsNeededAgainGoesOnAsItWas(t *testing.T) {
	t.Parallel()
	f := setup(t)
	k, secret := f.key(f.Store(), nil)
	f.status(secret)
	closing := make(chan bool)
	go func() {
		closed, _ := f.Close(time.Hour)
		closing <- closed
	}()
	for !f.lingers() {
		runtime.Gosched()
	}
	if !f.Keep() {
		t.Fatal("it can't be kept")
	}
	if <-closing {
		t.Fatal("it was closed all the same")
	}
	reads := f.Stats().StoreReads.Load()
	f.count(secret)
	must(t, f.Flush(t.Context()))
	if n := f.calls(k.ID); n != 1 || f.Stats().StoreReads.Load() != reads {
		t.Errorf("%d calls stored, memory forgotten: %v", n, f.Stats().StoreReads.Load() != reads)
	}
}

func TestAnEngineThatIsTakenBackAtOnceIsNotClosedLater(t *testing.T) {
	t.Parallel()
	f := setup(t)
	finish := f.Closing(0) // and before that runs …
	if !f.Keep() {
		t.Fatal("it can't be kept")
	}
	if closed, err := finish(); closed || err != nil {
		t.Fatalf("closed %v, %v", closed, err)
	}
	if _, ok := f.Enter(); !ok {
		t.Error("requests are refused")
	}
}

func (f *fixture) lingers() bool {
	f.inflight.mu.Lock()
	defer f.inflight.mu.Unlock()
	return f.inflight.kept != nil
}

func TestTheEndOfTheProcessDoesNotWaitForAStreamThatNeverEnds(t *testing.T) {
	t.Parallel()
	f := setup(t)
	k, secret := f.key(f.other, nil)
	f.count(secret)
	_, _ = f.Enter() // never leaves
	must(t, f.Hurry(time.Millisecond))
	if n := f.calls(k.ID); n != 1 {
		t.Errorf("%d calls stored, want 1", n)
	}
}

func TestCountsThatTheStoreDidNotTakeAtTheEndAreThereAfterTheNextStart(t *testing.T) {
	t.Parallel()
	f := setup(t)
	k, secret := f.key(f.other, nil)
	f.count(secret)
	must(t, f.Store().Close()) // the store is away when the last flush comes
	if _, err := f.Close(0); err != nil {
		t.Logf("closing said: %v", err)
	}
	if n := f.calls(k.ID); n != 0 {
		t.Fatalf("%d calls stored without a store", n)
	}
	again := f.open(&DefaultSettings)
	must(t, again.Flush(t.Context()))
	if n := f.calls(k.ID); n != 1 {
		t.Errorf("%d calls stored after the restart, want 1", n)
	}
}

func TestSettingsOfAConfigurationThatFailedToStartLeaveNoTrace(t *testing.T) {
	t.Parallel()
	f := setup(t)
	before := f.settings.current.Load()
	failed := &Settings{MaxStaleness: time.Second, FlushInterval: time.Second, CacheSize: 7}
	must(t, f.Start(t.Context(), failed))
	if f.settings.current.Load() != failed {
		t.Fatal("the newest settings are not in force")
	}
	f.Retire(failed)
	if f.settings.current.Load() != before {
		t.Error("the settings before are not in force again")
	}
}

// For the engine.
func TestSQLITE01CallsThatNeitherStoreNorSpoolTakesAreCountedAsDropped(t *testing.T) {
	t.Parallel()
	f := setup(t)
	k, secret := f.key(f.other, nil)
	cfg := f.cfg
	cfg.Stats, cfg.SpoolDir = new(Stats), f.path // a file can't be a folder
	var err error
	cfg.Store, err = sqlite.Open(f.path)
	must(t, err)
	f.Engine, err = New(cfg)
	must(t, err)
	must(t, f.Start(t.Context(), &Settings{MaxStaleness: time.Hour, FlushInterval: time.Hour, CacheSize: 1000}))
	f.count(secret)
	must(t, f.Flush(t.Context()))
	for range 7 {
		f.count(secret)
	}
	must(t, f.Store().Close()) // the store is away when the last flush comes
	if err := f.Hurry(0); err == nil {
		t.Error("closing says nothing of the calls that are lost")
	}
	if dropped, stored := f.Stats().UsageDropped.Load(), f.calls(k.ID); dropped != 7 || stored != 1 {
		t.Errorf("%d calls dropped and %d stored, want 7 and 1", dropped, stored)
	}
}
