package problem_test

import (
	"testing"

	"github.com/keystile/keystile/internal/problem"
)

func TestDetailsAreForThoseThatNameThem(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		want   bool
		accept []string
	}{
		{true, []string{"application/problem+json"}},
		{true, []string{"Application/Problem+JSON; charset=utf-8"}},
		{true, []string{"text/html;q=0.5, application/problem+json;q=0.9"}},
		{true, []string{"text/html", " application/problem+json"}},
		{false, nil},
		{false, []string{""}},
		{false, []string{"*/*", "application/*", "application/json"}},
		{false, []string{"application/problem+jsonp", "x-application/problem+json", `text/plain; note="application/problem+json"`}},
		{false, []string{";;;,,,/", "application/problem+json/x"}},
	} {
		if got := problem.WantsDetails(c.accept); got != c.want {
			t.Errorf("%q: %v", c.accept, got)
		}
	}
}
