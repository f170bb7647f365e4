package verdict_test

import (
	"testing"

	"github.com/keystile/keystile/internal/problem"
	"github.com/keystile/keystile/internal/verdict"
)

func TestAVerdictRefusesUnlessItWasAdmitted(t *testing.T) {
	t.Parallel()
	late := verdict.Admit(nil) // a limit refuses what was admitted so far
	late.Code = problem.RateLimited
	for name, c := range map[string]struct {
		verdict  verdict.Verdict
		admitted bool
		outcome  string
	}{
		"rule 12 nothing was decided": {verdict.Verdict{}, false, "internal_error"},
		"rule 12 denied for nothing":  {verdict.Deny(""), false, "internal_error"},
		"only a principal":            {verdict.Verdict{Principal: &verdict.Principal{}}, false, "internal_error"},
		"denied":                      {verdict.Deny(problem.RevokedKey), false, "revoked_key"},
		"admitted":                    {verdict.Admit(&verdict.Principal{}), true, "allowed"},
		"admitted without a key":      {verdict.Admit(nil), true, "allowed"},
		"admitted, then denied":       {late, false, "rate_limited"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := c.verdict.Admitted(); got != c.admitted {
				t.Errorf("admitted: %v", got)
			}
			if got := c.verdict.Outcome(); got != c.outcome {
				t.Errorf("outcome %q, want %q", got, c.outcome)
			}
		})
	}
}
