package usage

import (
	"net/netip"
	"time"

	"github.com/keystile/keystile/internal/keys"
	"github.com/keystile/keystile/internal/storage"
)

// The latest calls of a key are noted one by one, beside the sums. Sums are
// exact and notes are bounded: of what a key does between two sweeps only the
// latest few are noted, and how many are missing before a note stands in it.
const (
	notesPerKey   = 50   // at most, from one sweep to the next
	fewNotes      = 8    // that each key has room for, unless there are so many keys, or were in the last sweep, that each has a smaller share
	notesPerSweep = 500  // of all keys together; where there are more keys, they take turns
	maxNotes      = 1000 // that wait for the store
)

// note is what is kept of one call. It fills a cache line.
type note struct {
	at       int64 // microseconds since 1970
	endpoint Label
	method   Label
	denied   Label // the code of a refusal; none: it was allowed
	client   netip.Addr
	status   int32
}

func noteOf(e *Event, endpoint Label, at int64) note {
	n := note{at: at, endpoint: endpoint, method: methodOf(e.Method), client: e.Client, status: int32(e.Status)}
	if e.Denied != "" {
		n.denied = refused.of(e.Denied)
	}
	return n
}

// notes are the latest calls of one key. Their memory grows with their number;
// once there are as many as may be, they go on as a ring, oldest first from
// count modulo their number on.
type notes struct {
	ring  []note
	count int64 // of all calls, noted or not
}

// add notes one call. The recorder says whether there may be one more.
func (n *notes) add(one *note, r *Recorder) {
	kept := int64(len(n.ring))
	if n.count == kept && kept < notesPerKey && (kept < r.few.Load() || r.room()) {
		n.ring = append(n.ring, *one)
	} else {
		n.ring[n.count%kept] = *one
	}
	n.count++
}

// room reports whether a key may have one note more, of those that all keys
// share.
func (r *Recorder) room() bool { return r.shared.Add(1) <= notesPerSweep }

// reset forgets the notes and keeps their memory.
func (n *notes) reset() {
	clear(n.ring) // which hold on to names of routes
	n.ring, n.count = n.ring[:0], 0
}

// latest calls fn for at most the most latest notes, oldest first, and returns
// how many calls before those are missing.
func (n *notes) latest(most int64, fn func(*note)) (missed int64) {
	held := int64(len(n.ring))
	kept := min(held, most)
	for i := n.count - kept; i < n.count; i++ {
		fn(&n.ring[i%held])
	}
	return n.count - kept
}

// turnsOf is in how many sweeps the turn comes round, of so many keys.
func turnsOf(keys int) int { return (keys + notesPerSweep - 1) / notesPerSweep }

// share is how many notes a key gets whose turn it is, of so many keys.
func share(keys int) int64 {
	return int64(min(max(notesPerSweep/max(keys, 1), 1), notesPerKey))
}

// keep moves a key's notes into the ledger, whose lock the caller holds. Where
// too many wait already they are only counted as missing.
func (l *ledger) keep(id keys.ID, n *notes, most int64) {
	most = min(most, int64(maxNotes-len(l.noted)))
	first := len(l.noted)
	missed := l.missed[id] + n.latest(most, func(one *note) { l.noted = append(l.noted, one.stored(id)) })
	if len(l.noted) == first {
		l.missed[id] = missed
		return
	}
	l.noted[first].Missed = missed
	delete(l.missed, id)
}

func (n *note) stored(id keys.ID) storage.NotedCall {
	call := storage.NotedCall{
		KeyID: id, At: time.UnixMicro(n.at).UTC(), Method: n.method.Value(), Endpoint: n.endpoint.Value(),
		Status: int(n.status), Denied: textOf(n.denied),
	}
	if n.client.IsValid() {
		call.Client = n.client.String()
	}
	return call
}
