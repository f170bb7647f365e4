package gateway_test

import (
	"testing"
	"time"

	"github.com/keystile/keystile/internal/gateway"
	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/problem"
	"github.com/keystile/keystile/internal/quota"
)

func TestDOS06WhoeverWaitsAsLongAsToldIsLetInAndNobodyIsToldToWaitLongerThanAWindow(t *testing.T) {
	t.Parallel()
	perKey := func(q quota.Quota) option {
		return with(func(c *gateway.Config) { c.Limits.Quotas = map[keys.Environment][]quota.Quota{keys.Live: {q}} })
	}
	for name, tt := range map[string]struct {
		bound  option
		code   problem.Code
		window time.Duration
	}{
		"1/s":             {withLimit(keys.Live, "1/s", 0), problem.RateLimited, time.Second},
		"7/s":             {withLimit(keys.Live, "7/s", 0), problem.RateLimited, time.Second},
		"90/m burst 3":    {withLimit(keys.Live, "90/m", 3), problem.RateLimited, 2 * time.Second},
		"11/h burst 2":    {withLimit(keys.Live, "11/h", 2), problem.RateLimited, 11 * time.Minute},
		"3/d":             {withLimit(keys.Live, "3/d", 0), problem.RateLimited, 24 * time.Hour},
		"quota of 2/hour": {perKey(quota.Quota{Max: 2, Period: quota.Hour}), problem.QuotaExceeded, time.Hour},
		"quota of 1/day":  {perKey(quota.Quota{Max: 1, Period: quota.Day}), problem.QuotaExceeded, 24 * time.Hour},
		"quota per month": {perKey(quota.Quota{Max: 3, Period: quota.Month}), problem.QuotaExceeded, 31 * 24 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := setup(t, nil, tt.bound)
			_, secret := f.key(nil)
			for range 20 {
				c := f.ask("GET", "/", secret)
				for ; c.Verdict.Admitted(); c = f.ask("GET", "/", secret) {
					f.offset.Add(int64(tt.window / 97)) // so that no refusal falls on a round time
				}
				wait := time.Duration(f.gate.Problem(c).RetryAfterSeconds()) * time.Second
				if most := (tt.window + time.Second - 1).Truncate(time.Second); c.Verdict.Code != tt.code || wait < time.Second || wait > most {
					t.Fatalf("%q and %v to wait, want %s and at most %v", c.Verdict.Code, wait, tt.code, most)
				}
				f.offset.Add(int64(wait))
				if c := f.ask("GET", "/", secret); !c.Verdict.Admitted() {
					t.Fatalf("%q after the %v that were told", c.Verdict.Code, wait)
				}
			}
		})
	}
}
