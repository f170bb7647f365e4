package problem_test

import (
	"strings"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/problem"
)

func TestMessageSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	const route = "POST /v1/projects"
	for _, tt := range []struct {
		of   problem.Problem
		want string
	}{
		{problem.Problem{Route: route, MissingScopes: []string{"write:projects"}}, "This key may not call POST /v1/projects: it lacks write:projects."},
		{problem.Problem{Route: route, MissingScopes: []string{"a", "b"}}, "This key may not call POST /v1/projects: it lacks a, b."},
		{problem.Problem{Route: route, AnyOfScopes: []string{"a", "b"}}, "This key may not call POST /v1/projects: it lacks one of a, b."},
		{problem.Problem{Route: route, MissingScopes: []string{"a"}, AnyOfScopes: []string{"b", "c"}}, "This key may not call POST /v1/projects: it lacks a, and one of b, c."},
		{problem.Problem{MissingScopes: []string{"a"}}, "This key may not do this: it lacks a."},
		{problem.Problem{Route: route}, "This key may not call POST /v1/projects."},
		{problem.Problem{}, "This key may not do this."},
	} {
		tt.of.Code = problem.InsufficientScope
		if got := tt.of.Text(); got != tt.want {
			t.Errorf("%q, want %q", got, tt.want)
		}
	}
}

func TestMessageSaysWhenToComeBack(t *testing.T) {
	t.Parallel()
	for after, want := range map[time.Duration]string{
		0:                        "Try again in 1 second.",
		time.Millisecond:         "Try again in 1 second.",
		time.Second:              "Try again in 1 second.",
		time.Second + 1:          "Try again in 2 seconds.",
		90 * time.Second:         "Try again in 90 seconds.",
		-5 * time.Second:         "Try again in 1 second.",
		time.Duration(1<<63 - 1): "Try again in 9223372037 seconds.",
	} {
		p := problem.Problem{Code: problem.RateLimited, RetryAfter: after}
		if got := p.Text(); got != "Too many requests. "+want {
			t.Errorf("after %v: %q, want %q", after, got, want)
		}
	}
}

// Told 0, a client would retry at once, and be refused again.
func TestDOS06RetryAfterIsRoundedUpAndAtLeastOne(t *testing.T) {
	t.Parallel()
	for after, want := range map[time.Duration]int64{
		-time.Hour: 1, 0: 1, 1: 1, time.Second: 1, time.Second + 1: 2, 1999 * time.Millisecond: 2, time.Hour: 3600, 1<<63 - 1: 9223372037,
	} {
		if got := (&problem.Problem{RetryAfter: after}).RetryAfterSeconds(); got != want {
			t.Errorf("%v is %d s, want %d", after, got, want)
		}
	}
}

func TestMessageNamesFieldAndMethod(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		of   problem.Problem
		want string
	}{
		{problem.Problem{Code: problem.InvalidRequest, Param: "name"}, "name is not valid."},
		{problem.Problem{Code: problem.InvalidRequest}, "A field is not valid."},
		{problem.Problem{Code: problem.RouteNotAllowed, Method: "TRACE"}, "This API doesn't offer TRACE on this path."},
		{problem.Problem{Code: problem.RouteNotAllowed}, "This API doesn't offer this method on this path."},
		{problem.Problem{Code: problem.InvalidRequest, Message: "name is {param} long."}, "name is {param} long."},
	} {
		if got := tt.of.Text(); got != tt.want {
			t.Errorf("%q, want %q", got, tt.want)
		}
	}
}

// What fills a message is not read as a message again.
func TestMessageOfEveryCodeIsFilled(t *testing.T) {
	t.Parallel()
	for _, row := range problem.All() {
		p := problem.Problem{Code: row.Code, Method: "{route}", Param: "{route}", Route: "GET /v1/{missing}", MissingScopes: []string{"{param}"}}
		got := strings.NewReplacer("{route}", "", "/v1/{missing}", "", "{param}", "").Replace(p.Text())
		if strings.ContainsAny(got, "{}") {
			t.Errorf("%s: %q", row.Code, got)
		}
	}
}
