package gateway_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/limit"
	"github.com/keystile/keystile/internal/policy"
	"github.com/keystile/keystile/internal/problem"
	"github.com/keystile/keystile/internal/storage"
)

func TestADeniedRequestSpendsNoLimitAndIsNoCall(t *testing.T) {
	t.Parallel()
	f := setup(t, []*policy.Route{
		{Methods: []string{"GET"}, Pattern: "/open"},
		{Methods: []string{"GET"}, Pattern: "/closed", Scopes: []string{"never"}},
	}, withLimit(keys.Live, "2/h", 0))
	id, secret := f.key(nil)
	for range 10 {
		if got := f.ask("GET", "/closed", secret).Verdict.Code; got != problem.InsufficientScope {
			t.Fatalf("closed route: %s", got)
		}
	}
	for i, want := range []problem.Code{"", "", problem.RateLimited} {
		c := f.ask("GET", "/open", secret)
		if c.Verdict.Code != want {
			t.Fatalf("call %d: %q, want %q", i, c.Verdict.Code, want)
		}
		f.gate.Count(c, http.StatusOK)
	}
	calls, denials := f.usage(id)
	if calls != 2 || denials != 11 {
		t.Errorf("%d calls and %d denials stored, want 2 and 11", calls, denials)
	}
}

func TestAllLimitsGrantOrNothingIsSpent(t *testing.T) {
	t.Parallel()
	f := setup(t, []*policy.Route{
		{Methods: []string{"GET"}, Pattern: "/cheap"},
		{Methods: []string{"GET"}, Pattern: "/dear", Cost: 5, Limits: map[keys.Environment]*limit.Limit{
			keys.Live: {Name: "route", Rate: limit.Rate{N: 5, Per: time.Hour, Burst: 5}},
		}},
	}, withLimit(keys.Live, "8/h", 0))
	_, secret := f.key(nil)
	want := []struct {
		path string
		code problem.Code
	}{
		{"/dear", ""},                  // 5 of 8, 5 of 5
		{"/dear", problem.RateLimited}, // both would be passed
		{"/cheap", ""},
		{"/cheap", ""},
		{"/cheap", ""},                  // 8 of 8: the refusal above spent nothing
		{"/cheap", problem.RateLimited}, // now it is empty
	}
	for i, w := range want {
		if got := f.ask("GET", w.path, secret).Verdict.Code; got != w.code {
			t.Fatalf("step %d, %s: %q, want %q", i, w.path, got, w.code)
		}
	}
}

func TestAKeyThatExpiresWhileItIsCachedIsRefusedFromThatInstant(t *testing.T) {
	t.Parallel()
	f := setup(t, nil)
	_, secret := f.key(func(k *keys.Key) { k.ExpiresAt = k.CreatedAt.Add(time.Hour) })
	f.offset.Store(int64(time.Hour - time.Millisecond))
	if c := f.ask("GET", "/", secret); !c.Verdict.Admitted() {
		t.Fatalf("before its end: %s", c.Verdict.Code)
	}
	f.offset.Store(int64(time.Hour))
	if c := f.ask("GET", "/", secret); c.Verdict.Code != problem.ExpiredKey {
		t.Fatalf("at its end: %q", c.Verdict.Code)
	}
}

func TestARevokedKeyIsRefusedAsSoonAsTheChangeReturns(t *testing.T) {
	t.Parallel()
	f := setup(t, nil)
	id, secret := f.key(nil)
	if c := f.ask("GET", "/", secret); !c.Verdict.Admitted() {
		t.Fatalf("before: %s", c.Verdict.Code)
	}
	_, err := f.store.Update(t.Context(), func(tx storage.Tx) error {
		k, err := tx.Key(t.Context(), id)
		if err != nil {
			return err
		}
		k.Status = keys.Revoked
		return tx.UpdateKey(t.Context(), k)
	})
	must(t, err)
	if c := f.ask("GET", "/", secret); c.Verdict.Code != problem.RevokedKey {
		t.Fatalf("after: %q", c.Verdict.Code)
	}
}

func TestAStoreThatCannotTellIsNeverARefusalOfTheKey(t *testing.T) {
	t.Parallel()
	f := setup(t, nil)
	_, secret := f.key(nil)
	must(t, f.store.Close())
	c := f.ask("GET", "/", secret)
	if c.Verdict.Code != problem.StoreUnavailable || f.gate.Problem(c).RetryAfterSeconds() < 1 {
		t.Fatalf("%q, retry after %v", c.Verdict.Code, c.Verdict.RetryAfter)
	}
}

// usage flushes, and sums what the store has for a key.
func (f *fixture) usage(id keys.ID) (calls, denials int64) {
	f.t.Helper()
	must(f.t, f.engine.Flush(f.t.Context()))
	must(f.t, f.store.View(f.t.Context(), func(r storage.Reader) error {
		cells, err := r.UsageCells(f.t.Context(), id, time.Time{}, time.Time{})
		for _, cell := range cells {
			if cell.Denied {
				denials += cell.Count
			} else {
				calls += cell.Count
			}
		}
		return err
	}))
	return calls, denials
}
