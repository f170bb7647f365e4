package sqlcore

import (
	"cmp"
	"math"
	"slices"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

// Merged are cells of which no two are the same one. The zero value has none.
type Merged struct {
	cells []storage.UsageCell
	at    map[cellPlace]int
}

// cellPlace is what tells cells apart.
type cellPlace struct {
	key                        keys.ID
	hour                       int64
	endpoint, project, outcome string
}

// Add adds cells to those that there are.
func (m *Merged) Add(cells []storage.UsageCell) {
	if m.at == nil {
		m.at = make(map[cellPlace]int, len(cells))
	}
	for i := range cells {
		c := &cells[i]
		p := cellPlace{c.KeyID, Micros(c.Hour), c.Endpoint, c.Project, c.Outcome}
		found, seen := m.at[p]
		if !seen {
			m.at[p] = len(m.cells)
			m.cells = append(m.cells, *c)
			continue
		}
		add(&m.cells[found], c)
	}
}

// Cells returns them in the order of their table: rows that lie together are
// written together.
func (m *Merged) Cells() []storage.UsageCell {
	slices.SortFunc(m.cells, compareCells)
	return m.cells
}

// add stops at the largest number, as the sums of the stores do.
func add(sum, c *storage.UsageCell) {
	sum.Count, sum.Cost = max(sum.Count, 0), max(sum.Cost, 0)
	sum.Count += min(max(c.Count, 0), math.MaxInt64-sum.Count)
	sum.Cost += min(max(c.Cost, 0), math.MaxInt64-sum.Cost)
	if c.Last.After(sum.Last) {
		sum.Last = c.Last
	}
}

func compareCells(a, b storage.UsageCell) int {
	return cmp.Or(
		cmp.Compare(a.KeyID, b.KeyID),
		a.Hour.Compare(b.Hour),
		cmp.Compare(a.Endpoint, b.Endpoint),
		cmp.Compare(a.Project, b.Project),
		cmp.Compare(a.Outcome, b.Outcome),
	)
}
