package gateway_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/gateway"
	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/limit"
	"github.com/keystile/keystile/internal/problem"
	"github.com/keystile/keystile/internal/storage"
)

// withPlans configures plans that grant so many calls in an hour.
func withPlans(byDefault string, plans map[string]int64) option {
	return func(c *gateway.Config) {
		c.Limits.DefaultPlan, c.Limits.Known = byDefault, map[string]bool{}
		c.Limits.Plans = map[string]map[keys.Environment]*limit.Limit{}
		for name, calls := range plans {
			c.Limits.Known[name] = true
			c.Limits.Plans[name] = map[keys.Environment]*limit.Limit{
				keys.Live: {Name: "plan " + name + " live", Rate: limit.Rate{N: calls, Per: time.Hour, Burst: calls}},
			}
		}
	}
}

// plan gives the default workspace a plan, as a command of another
// configuration may have done.
func (f *fixture) plan(name string) {
	f.t.Helper()
	_, err := f.store.Update(f.t.Context(), func(tx storage.Tx) error {
		return tx.UpdateWorkspace(f.t.Context(), storage.Workspace{Name: storage.DefaultWorkspace, Plan: name})
	})
	must(f.t, err)
}

// granted is how many calls in a row a key gets, and why no more.
func (f *fixture) granted(secret string) (calls int, code problem.Code) {
	for calls < 10 {
		if code = f.ask(http.MethodGet, "/x", secret).Verdict.Code; code != "" {
			return calls, code
		}
		calls++
	}
	return calls, ""
}

func TestAPlanThatIsNotConfiguredLiftsNoLimit(t *testing.T) {
	t.Parallel()
	plans := map[string]int64{"free": 1, "pro": 3}
	for name, row := range map[string]struct {
		byDefault, workspace, key string
		plans                     map[string]int64
		calls                     int
		code                      problem.Code
	}{
		"a workspace's":                        {"free", "gone", "", plans, 1, problem.RateLimited},
		"a workspace's, without a default":     {"", "gone", "", plans, 0, problem.LimiterUnavailable},
		"a workspace's, where none is left":    {"", "gone", "", nil, 0, problem.LimiterUnavailable},
		"a workspace's, of a key with its own": {"", "gone", "pro", plans, 0, problem.LimiterUnavailable},
		"a key's":                              {"free", "pro", "gone", plans, 3, problem.RateLimited},
		"a key's, with a default":              {"free", "", "gone", plans, 1, problem.RateLimited},
		"a key's, of a workspace without":      {"", "", "gone", plans, 0, problem.LimiterUnavailable},
		"a key's, where none is left":          {"", "", "gone", nil, 0, problem.LimiterUnavailable},
		"both":                                 {"free", "gone", "gone", plans, 1, problem.RateLimited},
		"none: one that is configured":         {"free", "pro", "", plans, 3, problem.RateLimited},
		"none: no plan at all":                 {"", "", "", plans, 10, ""},
		"none: a key's own":                    {"", "", "pro", plans, 3, problem.RateLimited},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := setup(t, nil, withPlans(row.byDefault, row.plans))
			f.plan(row.workspace)
			_, secret := f.key(func(k *keys.Key) { k.Plan = row.key })
			if calls, code := f.granted(secret); calls != row.calls || code != row.code {
				t.Errorf("%d calls, then %q; want %d, %q", calls, code, row.calls, row.code)
			}
		})
	}
}

func TestAWorkspaceThatGetsAConfiguredPlanIsServedAgain(t *testing.T) {
	t.Parallel()
	f := setup(t, nil, withPlans("", map[string]int64{"pro": 3}))
	f.plan("gone")
	_, secret := f.key(nil)
	if got := f.ask(http.MethodGet, "/x", secret).Verdict; got.Code != problem.LimiterUnavailable || got.RetryAfter < time.Second {
		t.Errorf("%q, retry after %v", got.Code, got.RetryAfter)
	}
	f.plan("pro")
	if calls, code := f.granted(secret); calls != 3 || code != problem.RateLimited {
		t.Errorf("%d calls, then %q", calls, code)
	}
}
