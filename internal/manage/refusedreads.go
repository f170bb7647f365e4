package manage

import (
	"slices"
	"strings"
	"sync"
	"time"
)

// reads are the actions that change nothing, by the second word of their names.
// Who is refused one may try as often as it can ask.
var reads = []string{"list", "show", "usage", "activity", "verify", "explain", "lookup"}

func reading(action string) bool {
	_, verb, _ := strings.Cut(action, ".")
	return slices.Contains(reads, verb)
}

const (
	// quietFor is how long the entry of a refused read speaks for all that follow.
	quietFor = time.Minute
	// mostTallies bounds how many actors and actions are remembered.
	mostTallies = 10_000
)

// refusedReads bounds what refused reads write: of what one actor is refused
// again and again, one entry a minute. It says how many had none of their own
// since the one before; those behind the last entry are in none.
type refusedReads struct {
	mu      sync.Mutex
	tallies map[refusedRead]*tally
}

type refusedRead struct{ actor, action string }

type tally struct {
	since time.Time // of the entry
	more  int       // that came after it
}

// due reports whether a refused read is to be recorded, and then how many before
// it were not.
func (r *refusedReads) due(of refusedRead, now time.Time) (unrecorded int, due bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	last := r.tallies[of]
	if last != nil && now.Sub(last.since) < quietFor {
		last.more++
		return 0, false
	}
	if last != nil {
		unrecorded = last.more
	}
	r.remember(of, &tally{since: now})
	return unrecorded, true
}

// missed counts refusals whose entry could not be written.
func (r *refusedReads) missed(of refusedRead, n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if last := r.tallies[of]; last != nil {
		last.more += n
	}
}

// remember makes room where there is none: first of what is over, then of all,
// which costs an entry more of each.
func (r *refusedReads) remember(of refusedRead, one *tally) {
	if len(r.tallies) >= mostTallies {
		for key, t := range r.tallies {
			if one.since.Sub(t.since) >= quietFor {
				delete(r.tallies, key)
			}
		}
	}
	if r.tallies == nil || len(r.tallies) >= mostTallies {
		r.tallies = map[refusedRead]*tally{}
	}
	r.tallies[of] = one
}
