package usage

import (
	"slices"
	"time"

	"github.com/keystile/keystile/internal/storage"
)

// maxBatchCells bounds what the store is asked to write in one transaction.
const maxBatchCells = 50_000

// takeCells takes cells out of pending, at most as many as fit a batch.
// Sorted, so that several nodes lock the rows of a store in the same order.
func (l *ledger) takeCells() []storage.UsageCell {
	cells := make([]storage.UsageCell, 0, min(l.mostCells, len(l.pending)))
	rest := l.pending
	if len(rest) <= l.mostCells {
		l.pending = make(map[place]sum) // a map never gives memory back
	}
	for at, s := range rest {
		if len(cells) == l.mostCells {
			break
		}
		cells = append(cells, storedCell(at, s))
		delete(rest, at)
	}
	slices.SortFunc(cells, storage.CompareCells)
	return cells
}

func storedCell(at place, s sum) storage.UsageCell {
	return storage.UsageCell{
		KeyID:    at.key,
		Hour:     time.Unix(int64(at.hour)*secondsPerHour, 0).UTC(),
		Endpoint: at.endpoint.Value(),
		Project:  at.project.Value(),
		Outcome:  at.outcome.Value(),
		Denied:   at.denied,
		Count:    s.count,
		Cost:     s.cost,
		Last:     time.UnixMicro(s.last).UTC(),
	}
}

func allowedCalls(cells []storage.UsageCell) (calls int64) {
	for i := range cells {
		if !cells[i].Denied {
			calls += cells[i].Count
		}
	}
	return calls
}
