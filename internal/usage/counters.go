package usage

import (
	"sync"
	"sync/atomic"

	"github.com/keystile/keystile/internal/keys"
)

// Counters is a handle on the counters of one key. There are as many as keys in
// memory, and most of them are idle: what was counted is elsewhere, and the
// key's ID is told with each event.
type Counters struct {
	recorder *Recorder

	mu    sync.Mutex
	tally atomic.Pointer[tally] // written under mu; nil: nothing was counted since the sweep
}

// Approach says that a Count is likely: it has the counters on their way to the
// processor by then. It waits for nothing.
func (c *Counters) Approach() {
	if t := c.tally.Load(); t != nil {
		t.near.Load()
	}
}

// slot is what the cells of one key are told apart by.
type slot struct {
	hour     int32 // since 1970, UTC
	denied   bool
	endpoint Label
	project  Label
	outcome  Label // as in storage.UsageCell
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
	t := c.tally.Load()
	if t == nil {
		t = c.recorder.tallies.Get().(*tally)
		c.tally.Store(t)
		c.recorder.list(id, c)
	}
	t.find(at).add(one)
	if noted {
		latest := noteOf(e, at.endpoint, one.last)
		t.latest.add(&latest, c.recorder)
	}
}

const secondsPerHour = 60 * 60

func slotOf(e *Event) slot {
	s := slot{hour: int32(e.At.Unix() / secondsPerHour), endpoint: e.Endpoint, project: e.Project}
	if s.endpoint == (Label{}) {
		s.endpoint = DefaultEndpoint
	}
	if s.project == (Label{}) {
		s.project = NoProject
	}
	switch s.denied = e.Denied != ""; {
	case !s.denied:
		s.outcome = class(e.Status)
	case e.Observed:
		s.outcome = observed.of(e.Denied)
	default:
		s.outcome = refused.of(e.Denied)
	}
	return s
}
