package policy_test

import (
	"strings"
	"testing"

	"github.com/keystile/keystile/internal/policy"
)

// route reads "METHODS PATTERN": of each line of a table, the scope is its text.
func route(line string) *policy.Route {
	methods, pattern, _ := strings.Cut(line, " ")
	return &policy.Route{Methods: strings.Split(methods, ","), Pattern: pattern, Scopes: []string{line}}
}

func routes(lines ...string) []*policy.Route {
	all := make([]*policy.Route, len(lines))
	for i, line := range lines {
		all[i] = route(line)
	}
	return all
}

func setup(t testing.TB, lines ...string) *policy.Table {
	t.Helper()
	table, err := policy.NewTable(routes(lines...))
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// found is what a request ("METHOD PATH") meets: the route, then its shadows.
func found(table *policy.Table, request string) string {
	method, path, _ := strings.Cut(request, " ")
	var m policy.Match
	table.Find(method, path, &m)
	all := []string{"none"}
	if m.Route != nil {
		all[0] = m.Route.Endpoint()
	}
	for _, r := range m.Shadows {
		all = append(all, r.Endpoint())
	}
	return strings.Join(all, " + ")
}

// check compares what requests meet with what they should.
func check(t *testing.T, table *policy.Table, want map[string]string) {
	t.Helper()
	for request, endpoint := range want {
		if got := found(table, request); got != endpoint {
			t.Errorf("%s meets %s, want %s", request, got, endpoint)
		}
	}
}
