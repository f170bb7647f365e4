package engine

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/verdict"
)

// standing opens a stream of a new key that may go on while the key is active.
func (f *fixture) standing() (k *keys.Key, cut *atomic.Bool) {
	f.t.Helper()
	k, secret := f.key(f.other, nil)
	entry, found, err := f.Find(f.t.Context(), secret, f.now())
	must(f.t, err)
	if !found {
		f.t.Fatal("a new key isn't found")
	}
	cut = new(atomic.Bool)
	still := func(p *verdict.Principal, now time.Time) bool { return p.StatusAt(now) == keys.Active }
	f.t.Cleanup(f.Watch(entry, keys.FingerprintOf(secret), still, func() { cut.Store(true) }))
	return k, cut
}

// There are more of each than shards, so that some of them share one.
func TestADamagedKeyLosesItsStreamsAndHoldsNobodyElsesUp(t *testing.T) {
	t.Parallel()
	f := setup(t)
	streams := map[string]*atomic.Bool{}
	for range streamShards {
		unreadable, cut := f.standing()
		streams["unreadable "+string(unreadable.ID)] = cut
		f.sql("UPDATE keys SET allowed_ips = '[\"nowhere\"]' WHERE id = '" + string(unreadable.ID) + "'")
		damaged, cut := f.standing()
		streams["damaged "+string(damaged.ID)] = cut
		f.sql("UPDATE keys SET scopes = 'x' WHERE id = '" + string(damaged.ID) + "'")
		revoked, cut := f.standing()
		streams["revoked "+string(revoked.ID)] = cut
		f.revoke(f.other, revoked)
	}
	_, good := f.standing()
	f.streams.markAll()
	for whose, cut := range streams {
		f.comes(whose+" is cut off", cut.Load)
	}
	f.checkStreams(t.Context())
	if good.Load() {
		t.Error("a good key's stream was cut")
	}
}
