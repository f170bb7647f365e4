package engine

import (
	"context"
	"runtime"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/quota"
	"github.com/keystile/keystile/internal/storage"
	"github.com/keystile/keystile/internal/usage"
)

// hours are those that the store holds of a key, as ages.
func (f *fixture) ages(id keys.ID) (ages []time.Duration) {
	f.t.Helper()
	must(f.t, f.other.View(f.t.Context(), func(r storage.Reader) error {
		cells, err := r.UsageCells(f.t.Context(), id, time.Time{}, time.Time{})
		for i := range cells {
			ages = append(ages, f.now().Sub(cells[i].Hour))
		}
		return err
	}))
	return ages
}

// usedAt has a key's calls counted at so long ago each.
func (f *fixture) usedAt(k *keys.Key, secret string, ages ...time.Duration) {
	f.t.Helper()
	entry, _, err := f.Find(f.t.Context(), secret, f.now())
	must(f.t, err)
	for _, age := range ages {
		entry.Count(usage.Event{At: f.now().Add(-age), Endpoint: usage.DefaultEndpoint, Status: 200, Cost: 1})
	}
	must(f.t, f.Flush(f.t.Context()))
	if n := len(f.ages(k.ID)); n != len(ages) {
		f.t.Fatalf("%d cells, want %d", n, len(ages))
	}
}

func TestUsageIsKeptAsLongAsTheRetentionSays(t *testing.T) {
	t.Parallel()
	const keep = 40 * day
	f := setup(t)
	k, secret := f.key(f.other, nil)
	f.usedAt(k, secret, 0, 31*day, keep-time.Hour, keep, keep+2*time.Hour, 400*day)
	f.prune(t.Context())
	if n := len(f.ages(k.ID)); n != 6 {
		t.Fatalf("without a retention, %d of 6 cells are left", n)
	}
	must(t, f.Start(t.Context(), f.settingsWith(func(s *Settings) { s.UsageRetention = keep })))
	f.prune(t.Context())
	ages := f.ages(k.ID)
	if len(ages) != 4 || ages[0] > keep+time.Hour {
		t.Errorf("usage of %v ago is left", ages)
	}
	if n := f.calls(k.ID); n != 6 {
		t.Errorf("the key was called %d times, want 6", n)
	}
	sums, err := f.sumUsage(t.Context(), quota.Subject{Kind: quota.OfKey, Lineage: string(k.Lineage)}, f.now())
	must(t, err)
	if want := int64(1); sums[quota.Hour] != want || sums[quota.Month] < want {
		t.Errorf("quotas start from %v", sums)
	}
}

// Nobody has to wait for an hour to pass.
func TestPruningBeginsWithTheConfigurationThatAsksForIt(t *testing.T) {
	t.Parallel()
	f := setup(t)
	k, secret := f.key(f.other, nil)
	f.usedAt(k, secret, 100*day)
	must(t, f.Start(t.Context(), f.settingsWith(func(s *Settings) { s.UsageRetention = 32 * day })))
	for len(f.ages(k.ID)) > 0 {
		runtime.Gosched()
	}
}

func TestPruningEndsWithTheEngine(t *testing.T) {
	t.Parallel()
	f := setup(t)
	k, secret := f.key(f.other, nil)
	f.usedAt(k, secret, 100*day)
	another := f.idle()
	another.settings.current.Store(f.settingsWith(func(s *Settings) { s.UsageRetention = 32 * day }))
	ended, end := context.WithCancel(t.Context())
	end()
	another.prune(ended)
	if n := len(f.ages(k.ID)); n != 1 {
		t.Errorf("an engine that ends went on removing: %d cells", n)
	}
}

func TestHoursOfUsageAreKeptForTwoMonthsAndDaysBehindThat(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.pruner.Stop() // else it may come first
	k, secret := f.key(f.other, nil)
	old := f.now().UTC().Add(-70 * day).Truncate(day)
	young := f.now().UTC().Add(-60 * day).Truncate(day)
	var ages []time.Duration
	for _, start := range []time.Time{old, young} {
		ages = append(ages, f.now().Sub(start.Add(5*time.Hour)), f.now().Sub(start.Add(6*time.Hour)))
	}
	f.usedAt(k, secret, ages...)
	later := f.idle() // one that begins with what is there
	for range 2 {
		later.prune(t.Context())
		if got := len(f.ages(k.ID)); got != 3 || f.ages(k.ID)[0] != f.now().Sub(old) {
			t.Fatalf("usage of %v ago, want one day and two hours", f.ages(k.ID))
		}
	}
	f.offset.Add(int64(10 * day))
	later.prune(t.Context())
	if got := len(f.ages(k.ID)); got != 2 {
		t.Errorf("ten days later, usage of %v ago, want two days", f.ages(k.ID))
	}
	if n := f.calls(k.ID); n != 4 {
		t.Errorf("the key was called %d times, want 4", n)
	}
}
