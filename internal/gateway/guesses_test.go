package gateway_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/gateway"
	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/limit"
	"github.com/keystile/keystile/internal/problem"
)

// setupGuessing is setup, save that an address may guess so often.
func setupGuessing(t *testing.T, perMinute int64) *fixture {
	t.Helper()
	f := setup(t, nil)
	f.settings.UnknownKeys = &limit.Rate{N: perMinute, Per: time.Minute, Burst: perMinute}
	settings := f.settings
	must(t, f.engine.Start(t.Context(), &settings))
	return f
}

// askFrom decides about a request of a client address.
func (f *fixture) askFrom(client, secret string) *gateway.Call {
	c := &gateway.Call{Request: request("GET", "Bearer "+secret), Client: netip.MustParseAddr(client)}
	f.gate.Decide(c)
	return c
}

func TestGuessesOfOneAddressEndBeforeTheStoreIsAsked(t *testing.T) {
	t.Parallel()
	f := setupGuessing(t, 5)
	for i := range 20 {
		want := problem.UnknownKey
		if i >= 5 {
			want = problem.RateLimited
		}
		c := f.askFrom("192.0.2.1", f.format.Mint(keys.Live).Reveal())
		if c.Verdict.Code != want {
			t.Fatalf("guess %d: %q, want %q", i, c.Verdict.Code, want)
		}
		if want == problem.RateLimited && f.gate.Problem(c).RetryAfterSeconds() != 12 {
			t.Fatalf("retry after %v, want the 12 s of one guess", c.Verdict.RetryAfter)
		}
	}
	if n := f.engine.Stats().StoreReads.Load(); n != 5 {
		t.Errorf("%d reads of the store, want 5", n)
	}
	if c := f.askFrom("192.0.2.2", f.format.Mint(keys.Live).Reveal()); c.Verdict.Code != problem.UnknownKey {
		t.Errorf("another address: %q", c.Verdict.Code)
	}
}

func TestAllOfAnIPv6SiteIsOneAddress(t *testing.T) {
	t.Parallel()
	f := setupGuessing(t, 1)
	f.askFrom("2001:db8:1:2::1", f.format.Mint(keys.Live).Reveal())
	if c := f.askFrom("2001:db8:1:2:ffff::9", f.format.Mint(keys.Live).Reveal()); c.Verdict.Code != problem.RateLimited {
		t.Errorf("the same /64: %q", c.Verdict.Code)
	}
}

func TestKeysThatExistAreNoGuesses(t *testing.T) {
	t.Parallel()
	f := setupGuessing(t, 2)
	_, secrets := f.keys(20, nil)
	for round := range 2 {
		for i, secret := range secrets {
			if c := f.askFrom("192.0.2.1", secret); !c.Verdict.Admitted() {
				t.Fatalf("round %d, key %d: %q", round, i, c.Verdict.Code)
			}
		}
	}
	for range 5 {
		f.askFrom("192.0.2.1", f.format.Mint(keys.Live).Reveal())
	}
	if c := f.askFrom("192.0.2.1", secrets[0]); !c.Verdict.Admitted() {
		t.Errorf("a known key beside a flood: %q", c.Verdict.Code)
	}
}

func TestAnExplanationOfAGuessIsNoGuess(t *testing.T) {
	t.Parallel()
	f := setupGuessing(t, 5)
	explain := func() *gateway.Call {
		c := &gateway.Call{Request: request("GET", "Bearer "+f.format.Mint(keys.Live).Reveal()), Client: netip.MustParseAddr("192.0.2.1")}
		f.gate.Explain(c)
		return c
	}
	for range 20 {
		if c := explain(); c.Verdict.Code != problem.UnknownKey {
			t.Fatalf("%q", c.Verdict.Code)
		}
	}
	for i := range 5 {
		if c := f.askFrom("192.0.2.1", f.format.Mint(keys.Live).Reveal()); c.Verdict.Code != problem.UnknownKey {
			t.Fatalf("guess %d: %q", i, c.Verdict.Code)
		}
	}
	if c := explain(); c.Verdict.Code != problem.RateLimited {
		t.Errorf("no guess is left, and the explanation says %q", c.Verdict.Code)
	}
}
