package engine

import (
	"testing"
	"time"

	"github.com/keystile/keystile/internal/quota"
)

// left counts how many of a key's calls a quota still lets through here.
func (f *fixture) left(e *Engine, k *quota.Subject, most int64) (n int64) {
	f.t.Helper()
	claims := []quota.Claim{{Subject: *k, Quotas: []quota.Quota{{Max: most, Period: quota.Month}}}}
	for {
		_, granted, err := e.Quotas().Take(f.t.Context(), claims, 1, f.now())
		must(f.t, err)
		if !granted {
			return n
		}
		n++
	}
}

func TestQuotasCountWhatAnotherEngineOnTheStoreHasCounted(t *testing.T) {
	t.Parallel()
	f := setup(t)
	k, secret := f.key(f.Store(), nil)
	of := &quota.Subject{Kind: quota.OfKey, Lineage: string(k.Lineage)}
	heir := f.open(&Settings{MaxStaleness: time.Hour, FlushInterval: time.Hour, CacheSize: 1000})
	both := func() []*Engine { return []*Engine{f.Engine, heir} }
	f.cfg.Sharing, heir.cfg.Sharing = both, both

	for range 3 {
		f.count(secret)
	}
	if n := f.left(heir, of, 10); n != 7 {
		t.Errorf("the other engine has %d calls left, want 7 of 10", n)
	}
}

func TestAnEngineThatIsNeededAgainCountsWhatAnotherCountedMeanwhile(t *testing.T) {
	t.Parallel()
	f := setup(t)
	k, secret := f.key(f.Store(), nil)
	of := &quota.Subject{Kind: quota.OfKey, Lineage: string(k.Lineage)}
	heir := &fixture{t: t, Engine: f.open(&Settings{MaxStaleness: time.Hour, FlushInterval: time.Hour, CacheSize: 1000}), start: f.start}
	both := func() []*Engine { return []*Engine{f.Engine, heir.Engine} }
	f.cfg.Sharing, heir.cfg.Sharing = both, both

	if n := f.left(f.Engine, of, 1); n != 1 { // the counter stands, with one call
		t.Fatalf("%d calls left of 1", n)
	}
	f.count(secret)
	heir.count(secret)
	f.Rejoin()
	if n := f.left(f.Engine, of, 10); n != 8 {
		t.Errorf("%d calls left, want 8 of 10", n)
	}
}
