package usage

import "sync/atomic"

const (
	// manyCells is how many cells are searched one by one before there is an
	// index.
	manyCells = 16
	// keptCells is how many cells' memory is kept for another key.
	keptCells = 64
)

// tally is what was counted of one key since the sweep. There is one for each
// key that is called: it fills three cache lines, and has no other memory where
// a key does always the same.
type tally struct {
	recent int32       // index of the cell that was counted into last
	near   atomic.Bool // read to have the cache lines on their way
	cells  []cell
	latest notes

	cell  [1]cell      // room for the first cell and the first note, where the rest is
	index map[slot]int // of cells; nil where they are few
	note  [1]note
}

func newTally() *tally {
	t := new(tally)
	t.cells, t.latest.ring = t.cell[:0], t.note[:0]
	return t
}

// reset makes it ready for another key.
func (t *tally) reset() {
	clear(t.cells) // which hold on to names of routes and projects
	clear(t.cell[:])
	t.recent, t.cells, t.index = 0, t.cells[:0], nil
	if cap(t.cells) > keptCells {
		t.cells = t.cell[:0]
	}
	clear(t.note[:])
	t.latest.reset()
}

// find returns the sum of a slot, which it makes where there is none.
func (t *tally) find(at slot) *sum {
	if int(t.recent) < len(t.cells) && t.cells[t.recent].slot == at {
		return &t.cells[t.recent].sum
	}
	t.recent = int32(t.search(at))
	if int(t.recent) == len(t.cells) {
		t.cells = append(t.cells, cell{slot: at})
		t.keepIndex()
	}
	return &t.cells[t.recent].sum
}

// search returns the index of a slot's cell, or of the place for a new one.
func (t *tally) search(at slot) int {
	if t.index != nil {
		if i, found := t.index[at]; found {
			return i
		}
		return len(t.cells)
	}
	for i := range t.cells {
		if t.cells[i].slot == at {
			return i
		}
	}
	return len(t.cells)
}

// keepIndex takes note of a new last cell.
func (t *tally) keepIndex() {
	if t.index != nil {
		last := len(t.cells) - 1
		t.index[t.cells[last].slot] = last
		return
	}
	if len(t.cells) <= manyCells {
		return
	}
	t.index = make(map[slot]int, 2*len(t.cells))
	for i := range t.cells {
		t.index[t.cells[i].slot] = i
	}
}
