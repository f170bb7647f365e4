package policy_test

import (
	"fmt"
	"testing"

	"github.com/keystile/keystile/internal/policy"
)

// apiTable has 50 routes as an API has them.
func apiTable() (lines []string) {
	for area := range 10 {
		prefix := fmt.Sprintf("/v1/area%d/items", area)
		lines = append(lines, "GET "+prefix, "POST "+prefix, "GET "+prefix+"/{id}", "PUT,DELETE "+prefix+"/{id}", "GET "+prefix+"/{id}/files/*")
	}
	return lines
}

func BenchmarkFind(b *testing.B) {
	for name, c := range map[string]struct {
		lines []string
		path  string
	}{
		"literal":  {apiTable(), "/v1/area7/items"},
		"wildcard": {apiTable(), "/v1/area7/items/item42"},
		"rest":     {apiTable(), "/v1/area7/items/item42/files/2026/report.pdf"},
		"unlisted": {apiTable(), "/v1/area7/nothing"},
		"shady":    {append(apiTable(), "GET /v1/area7/items/search"), "/v1/area7/items/item42"},
		"variant":  {append(apiTable(), "GET /v1/area7/items/search"), "/v1/area7/items/SEARCH"},
	} {
		b.Run(name, func(b *testing.B) {
			table := setup(b, c.lines...)
			var m policy.Match
			b.ReportAllocs()
			for b.Loop() {
				table.Find("GET", c.path, &m)
			}
		})
	}
}
