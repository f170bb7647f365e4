package usage

import (
	"sync"

	"github.com/keystile/keystile/internal/keys"
)

// manyCells is how many cells a handle searches one by one before it makes an
// index.
const manyCells = 16

// keptCells is how many cells' memory a handle keeps from sweep to sweep: a key
// that is called all the time is on a few endpoints, and there are many keys
// that are in memory and idle.
const keptCells = 4

// Counters is a handle on the counters of one key.
type Counters struct {
	recorder *Recorder
	id       keys.ID

	mu     sync.Mutex
	listed bool   // the recorder knows of counts in here
	recent int    // index of the cell that was counted into last
	latest *notes // nil: none since the sweep
	cells  []cell
	index  map[slot]int // of cells; nil where they are few
}

// slot is what the cells of one key are told apart by.
type slot struct {
	hour     int64 // since 1970, UTC
	endpoint Label
	project  Label
	outcome  string // as in storage.UsageCell
	denied   bool
}

// sum is what a cell holds.
type sum struct {
	count int64
	cost  int64
	last  int64 // microseconds since 1970
}

type cell struct {
	slot
	sum
}

func (s *sum) add(other sum) {
	s.count += other.count
	s.cost += other.cost
	s.last = max(s.last, other.last)
}

// Count adds one event, in the hour of its time. It takes a lock of this
// handle, and one of the recorder only where this is the first event since the
// sweep. It doesn't allocate for a cell that is there already.
func (c *Counters) Count(e Event) {
	one := sum{count: 1, last: e.At.UnixMicro()}
	if e.Denied == "" {
		one.cost = max(0, e.Cost)
	}
	at := slotOf(&e)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.find(at).add(one)
	c.note(note{e.At, at.endpoint, e.Method, e.Client, e.Status, e.Denied})
	if !c.listed {
		c.listed = true
		c.recorder.list(c)
	}
}

func (c *Counters) note(one note) {
	if c.latest == nil {
		c.latest = c.recorder.blanks.Get().(*notes)
	}
	c.latest.add(one, c.recorder.room)
}

const secondsPerHour = 60 * 60

func slotOf(e *Event) slot {
	s := slot{hour: e.At.Unix() / secondsPerHour, endpoint: e.Endpoint, project: e.Project}
	if s.endpoint == (Label{}) {
		s.endpoint = DefaultEndpoint
	}
	if s.project == (Label{}) {
		s.project = NoProject
	}
	if s.denied = e.Denied != ""; s.denied {
		s.outcome = string(e.Denied)
	} else {
		s.outcome = class(e.Status)
	}
	return s
}

// classes of statuses, by their first digit.
var classes = [...]string{1: "1xx", 2: "2xx", 3: "3xx", 4: "4xx", 5: "5xx"}

// class is the outcome of an allowed call. A status that isn't one counts as
// clients have to read it, as a 5xx (RFC 9110 section 15).
func class(status int) string {
	switch first := status / 100; {
	case status == 0:
		return "aborted"
	case first >= 1 && first < len(classes):
		return classes[first]
	}
	return classes[5]
}

// find returns the sum of a slot, which it makes where there is none.
func (c *Counters) find(at slot) *sum {
	if c.recent < len(c.cells) && c.cells[c.recent].slot == at {
		return &c.cells[c.recent].sum
	}
	c.recent = c.search(at)
	if c.recent == len(c.cells) {
		c.cells = append(c.cells, cell{slot: at})
		c.keepIndex()
	}
	return &c.cells[c.recent].sum
}

// search returns the index of a slot's cell, or of the place for a new one.
func (c *Counters) search(at slot) int {
	if c.index != nil {
		if i, found := c.index[at]; found {
			return i
		}
		return len(c.cells)
	}
	for i := range c.cells {
		if c.cells[i].slot == at {
			return i
		}
	}
	return len(c.cells)
}

// keepIndex takes note of a new last cell.
func (c *Counters) keepIndex() {
	if c.index != nil {
		last := len(c.cells) - 1
		c.index[c.cells[last].slot] = last
		return
	}
	if len(c.cells) <= manyCells {
		return
	}
	c.index = make(map[slot]int, 2*len(c.cells))
	for i := range c.cells {
		c.index[c.cells[i].slot] = i
	}
}
