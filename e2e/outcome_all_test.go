package e2e

import (
	"strings"
	"testing"

	"github.com/keystile/keystile/internal/problem"
)

// later are the outcomes whose features don't stand yet.
var later = map[problem.Code]string{
	problem.LimiterUnavailable: "a limiter that can be away",
}

func TestEveryOutcomeOfTheGateIsProduced(t *testing.T) {
	t.Parallel()
	// By tests of their own: the store is away, and the clock stands still.
	produced := map[string]bool{"store_unavailable": true, "quota_exceeded": true}
	for name := range outcomes {
		code, _, _ := strings.Cut(name, "-")
		produced[code] = true
	}
	for _, row := range problem.Rows {
		if row.Parts&problem.Gate != 0 && produced[string(row.Code)] == (later[row.Code] != "") {
			t.Errorf("%s: either an outcome here, or listed as later", row.Code)
		}
	}
}
