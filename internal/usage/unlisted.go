package usage

import (
	"sync"
	"time"

	"github.com/keystile/keystile/internal/problem"
	"github.com/keystile/keystile/internal/storage"
)

// mostUnlisted bounds the methods and paths that are told apart in an hour.
const mostUnlisted = 100

// OtherEndpoint is what isn't told apart any more.
const OtherEndpoint = "(other)"

// Unlisted counts what keys called and no route lists. It is bounded, whatever
// they call, and keeps no part of a path that may be an ID or a secret.
type Unlisted struct {
	counters *Unnoted

	mu    sync.Mutex
	hour  int64
	known map[unlisted]Label
}

type unlisted struct {
	gate     Label
	endpoint string
}

// Unlisted makes what counts into the recorder.
func (r *Recorder) Unlisted() *Unlisted {
	return &Unlisted{counters: r.Unnoted(storage.UnlistedID)}
}

// Count counts one call at a gate. The path is as it stood in the request;
// outcome is "allowed" or the code of the refusal.
func (u *Unlisted) Count(at time.Time, gate Label, method, path, outcome string) {
	var on [mostSegments * (longestSegment + 1)]byte
	endpoint := appendOutline(append(append(on[:0], method...), ' '), path)
	u.counters.Count(Event{
		At: at, Project: gate, Endpoint: u.label(at, gate, endpoint),
		Denied: problem.Code(outcome), // it is no use of a key
	})
}

// label doesn't allocate for what was called in this hour before.
func (u *Unlisted) label(at time.Time, gate Label, endpoint []byte) Label {
	hour := at.Unix() / secondsPerHour
	u.mu.Lock()
	defer u.mu.Unlock()
	if hour != u.hour || u.known == nil {
		u.hour, u.known = hour, map[unlisted]Label{}
	}
	label, known := u.known[unlisted{gate, string(endpoint)}]
	switch {
	case known:
	case len(u.known) < mostUnlisted:
		label = NewLabel(string(endpoint))
		u.known[unlisted{gate, string(endpoint)}] = label
	default:
		label = NewLabel(OtherEndpoint)
	}
	return label
}
