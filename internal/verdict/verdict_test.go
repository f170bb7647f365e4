package verdict_test

import (
	"testing"

	"github.com/keystile/keystile/internal/problem"
	"github.com/keystile/keystile/internal/verdict"
)

func TestAVerdictRefusesUnlessItWasAdmitted(t *testing.T) {
	t.Parallel()
	concluded := func(r verdict.Refusal) (v verdict.Verdict) {
		v.Conclude(r)
		return v
	}
	late := concluded(verdict.Refusal{})
	late.Code = problem.RateLimited // what was admitted so far
	for name, c := range map[string]struct {
		verdict  verdict.Verdict
		admitted bool
		outcome  string
	}{
		"rule 12 nothing was decided": {verdict.Verdict{}, false, "internal_error"},
		"denied":                      {concluded(verdict.Deny(problem.RevokedKey)), false, "revoked_key"},
		"admitted":                    {concluded(verdict.Refusal{}), true, "allowed"},
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
