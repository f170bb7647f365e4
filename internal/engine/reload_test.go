package engine

import (
	"errors"
	"net/netip"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/limit"
	"github.com/keystile/keystile/internal/quota"
	"github.com/keystile/keystile/internal/storage"
)

// settingsWith are the settings in force, changed.
func (f *fixture) settingsWith(change func(*Settings)) *Settings {
	s := *f.settings.current.Load()
	change(&s)
	return &s
}

func peppers(texts ...string) keys.Hasher {
	var all []keys.Secret
	for _, text := range texts {
		all = append(all, keys.NewSecret(text))
	}
	return keys.NewHasher(all)
}

func TestBucketsAndQuotasGoOnUnderOtherPeppers(t *testing.T) {
	t.Parallel()
	f := setup(t)
	_, secret := f.key(f.other, nil)
	one := &limit.Limit{Name: "live", Rate: limit.Rate{N: 1, Per: time.Hour, Burst: 1}}
	claims := []quota.Claim{{Subject: quota.Subject{Kind: quota.OfKey, Lineage: "key_a"}, Quotas: []quota.Quota{{Max: 1, Period: quota.Month}}}}
	take := func() (bucket, quota bool) {
		entry, _, err := f.Find(t.Context(), secret, f.now())
		must(t, err)
		d, err := f.Take(t.Context(), entry, []*limit.Limit{one}, 1, f.now())
		must(t, err)
		_, quota, err = f.Quotas().Take(t.Context(), claims, 1, f.now())
		must(t, err)
		return d.Granted, quota
	}
	if bucket, quota := take(); !bucket || !quota {
		t.Fatalf("the first call: bucket %v, quota %v", bucket, quota)
	}
	must(t, f.Start(t.Context(), f.settingsWith(func(s *Settings) { s.Hasher = peppers("new") })))
	if bucket, quota := take(); bucket || quota {
		t.Errorf("the second call, after a pepper was added: bucket %v, quota %v", bucket, quota)
	}
}

func TestKeysOfAPepperAreKnownOnceItIsConfigured(t *testing.T) {
	t.Parallel()
	f := setup(t)
	_, plain := f.key(f.other, nil)
	secret := f.format.Mint(keys.Live)
	f.key(f.other, func(k *keys.Key) { k.Digest, k.Pepper = peppers("new").New(secret) })
	if got := f.status(secret.Reveal()); got != "" {
		t.Fatalf("without the pepper, the key is %q", got)
	}
	with := f.settingsWith(func(s *Settings) { s.Hasher = peppers("new") })
	must(t, f.Start(t.Context(), with))
	if got := f.status(secret.Reveal()); got != keys.Active {
		t.Errorf("with the pepper, the key is %q", got)
	}
	f.Retire(with)
	if got := f.status(secret.Reveal()); got != "" {
		t.Errorf("once the pepper's configuration failed to start, the key is %q", got)
	}
	if got := f.status(plain); got != keys.Active {
		t.Errorf("a key without a pepper is %q", got)
	}
}

func TestPeppersAreOnlyHeldAgainstTheStoreWhenTheyChange(t *testing.T) {
	t.Parallel()
	f := setup(t)
	secret := f.format.Mint(keys.Live)
	f.key(f.other, func(k *keys.Key) { k.Digest, k.Pepper = peppers("another").New(secret) })
	must(t, f.Begin(t.Context(), f.settingsWith(func(s *Settings) { s.CacheSize = 7 })))
	err := f.Begin(t.Context(), f.settingsWith(func(s *Settings) { s.Hasher = peppers("new") }))
	if _, refused := errors.AsType[*storage.UnknownPepperError](err); !refused {
		t.Errorf("got %v, want a refusal", err)
	}
	must(t, f.Store().Close()) // a store that is away doesn't keep other settings from being taken over
	must(t, f.Start(t.Context(), f.settingsWith(func(s *Settings) { s.CacheSize = 8 })))
}

func TestGuessesStaySpentAcrossReloadsAndUnderAnotherRate(t *testing.T) {
	t.Parallel()
	f := setup(t)
	client := netip.MustParseAddr("192.0.2.1")
	perMinute := func(n int64) *Settings {
		return f.settingsWith(func(s *Settings) { s.UnknownKeys = &limit.Rate{N: n, Per: time.Minute, Burst: n} })
	}
	guesses := func() (granted int) {
		for range 5 {
			if ok, _ := f.Guesses().Take(client, f.now()); ok {
				granted++
			}
		}
		return granted
	}
	want := func(when string, want int) {
		t.Helper()
		if got := guesses(); got != want {
			t.Errorf("%s: %d guesses, want %d", when, got, want)
		}
	}
	if f.Guesses() != nil {
		t.Error("guesses are bounded by nothing")
	}
	must(t, f.Start(t.Context(), perMinute(2)))
	want("at first", 2)
	must(t, f.Start(t.Context(), perMinute(2)))
	want("after a reload", 0)
	must(t, f.Start(t.Context(), perMinute(3)))
	want("under a rate of one more", 1)
	must(t, f.Start(t.Context(), perMinute(2)))
	want("back under the first", 0)
	if granted, _ := f.Guesses().Take(netip.MustParseAddr("192.0.2.2"), f.now()); !granted {
		t.Error("another address pays for it")
	}
}
