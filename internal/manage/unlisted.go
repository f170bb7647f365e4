package manage

import (
	"cmp"
	"slices"

	"github.com/keystile/keystile/internal/storage"
)

// unlistedOf adds the cells of hours up, the most first.
func unlistedOf(cells []storage.UsageCell) []UnlistedView {
	type row struct{ gate, endpoint, outcome string }
	sums := map[row]*UnlistedView{}
	out := []UnlistedView{}
	for i := range cells {
		c := &cells[i]
		at := row{c.Project, c.Endpoint, c.Outcome}
		sum := sums[at]
		if sum == nil {
			sum = &UnlistedView{Gate: c.Project, Endpoint: c.Endpoint, Outcome: c.Outcome}
			sums[at] = sum
		}
		sum.Calls += c.Count
		if c.Last.After(sum.Last) {
			sum.Last = c.Last.UTC()
		}
	}
	for _, sum := range sums {
		out = append(out, *sum)
	}
	slices.SortFunc(out, func(a, b UnlistedView) int {
		return cmp.Or(cmp.Compare(b.Calls, a.Calls), cmp.Compare(a.Gate, b.Gate), cmp.Compare(a.Endpoint, b.Endpoint), cmp.Compare(a.Outcome, b.Outcome))
	})
	return out
}
