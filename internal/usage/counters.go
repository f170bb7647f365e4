package usage

import (
	"sync"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/problem"
	"github.com/keystile/keystile/internal/storage"
)

// Counters is a handle on the counters of one key. There are as many as keys in
// memory, and most of them are idle: what was counted is elsewhere, and the
// key's ID is told with each event.
type Counters struct {
	recorder *Recorder

	mu    sync.Mutex
	tally *tally // nil: nothing was counted since the sweep
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

// Count adds one event of the handle's key, in the hour of its time, and notes
// it. It takes a lock of this handle, and one of the recorder only where this is
// the first event since the sweep. It doesn't allocate for a cell that is there
// already.
func (c *Counters) Count(id keys.ID, e Event) { c.count(id, &e, true) }

func (c *Counters) count(id keys.ID, e *Event, noted bool) {
	one := sum{count: 1, last: e.At.UnixMicro()}
	if e.Denied == "" {
		one.cost = max(0, e.Cost)
	}
	at := slotOf(e)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.tally == nil {
		c.tally = c.recorder.tallies.Get().(*tally)
		c.tally.key = id
		c.recorder.list(c)
	}
	c.tally.find(at).add(one)
	if noted {
		c.tally.latest.add(&note{e.At, at.endpoint, e.Method, e.Client, e.Status, e.Denied}, c.recorder)
	}
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
		if e.Observed {
			s.outcome = wouldBe(e.Denied)
		}
	} else {
		s.outcome = class(e.Status)
	}
	return s
}

// observed is the outcome of each code where nothing is enforced, made once.
var observed = func() map[problem.Code]string {
	all := map[problem.Code]string{}
	for _, row := range problem.All() {
		all[row.Code] = storage.WouldBe + string(row.Code)
	}
	return all
}()

func wouldBe(code problem.Code) string {
	if outcome, listed := observed[code]; listed {
		return outcome
	}
	return storage.WouldBe + string(code)
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
