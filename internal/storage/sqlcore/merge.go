package sqlcore

import (
	"math"
	"slices"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

// merged are cells of which no two are the same one. The zero value has none.
type merged struct {
	cells []storage.UsageCell
	at    map[cellPlace]int
}

// cellPlace is what tells cells apart.
type cellPlace struct {
	key                        keys.ID
	hour                       int64
	endpoint, project, outcome string
	denied                     bool
}

// add adds cells to those that there are.
func (m *merged) add(cells []storage.UsageCell) {
	if m.at == nil {
		m.at = make(map[cellPlace]int, len(cells))
	}
	for i := range cells {
		c := &cells[i]
		p := cellPlace{c.KeyID, Micros(c.Hour), c.Endpoint, c.Project, c.Outcome, c.Denied}
		at, seen := m.at[p]
		if !seen {
			m.at[p] = len(m.cells)
			m.cells = append(m.cells, *c)
			continue
		}
		addCell(&m.cells[at], c)
	}
}

// inOrder returns them in the order of their table, in which rows that lie
// together are written together. It ends what they were merged in.
func (m *merged) inOrder() []storage.UsageCell {
	all := m.cells
	*m = merged{}
	slices.SortFunc(all, storage.CompareCells)
	return all
}

// addCell stops at the largest number, as the sums of the stores do.
func addCell(sum, c *storage.UsageCell) {
	sum.Count, sum.Cost = max(sum.Count, 0), max(sum.Cost, 0)
	sum.Count += min(max(c.Count, 0), math.MaxInt64-sum.Count)
	sum.Cost += min(max(c.Cost, 0), math.MaxInt64-sum.Cost)
	if c.Last.After(sum.Last) {
		sum.Last = c.Last
	}
}
