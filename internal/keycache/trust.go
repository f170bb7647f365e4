package keycache

import (
	"sync/atomic"
	"time"
)

// trust is until when memory may be believed: max_staleness from the last
// time that the store confirmed it. It is compared with a clock that is read
// in the very request, never by a ticker: a process that was stopped and
// continues must not let its queued requests in.
type trust struct {
	base time.Time // where monotonic readings are counted from
	end  atomic.Pointer[deadline]
}

// deadline is one instant on both clocks. Passing it on either ends the trust:
// the monotonic one stands still in some suspended machines, the wall clock
// can be set back.
type deadline struct {
	mono time.Duration // since base
	wall int64         // nanoseconds since 1970
}

// confirm lets memory be believed until `until`, a time with a monotonic
// reading, unless that clock says that it is believed longer already.
func (t *trust) confirm(until time.Time) {
	next := &deadline{mono: until.Sub(t.base), wall: until.UnixNano()}
	for {
		old := t.end.Load()
		if old != nil && old.mono >= next.mono {
			return
		}
		if t.end.CompareAndSwap(old, next) {
			return
		}
	}
}

// shorten ends the trust at `until`, a time with a monotonic reading, unless it
// ends earlier already, by either clock.
func (t *trust) shorten(until time.Time) {
	mono, wall := until.Sub(t.base), until.UnixNano()
	for {
		old := t.end.Load()
		if old == nil || t.end.CompareAndSwap(old, &deadline{mono: min(old.mono, mono), wall: min(old.wall, wall)}) {
			return
		}
	}
}

func (t *trust) revoke() { t.end.Store(nil) }

func (t *trust) holds(now time.Time) bool {
	d := t.end.Load()
	return d != nil && d.ahead(now.Sub(t.base), now.UnixNano())
}

// ahead reports whether neither clock has passed the deadline.
func (d *deadline) ahead(mono time.Duration, wall int64) bool { return mono < d.mono && wall < d.wall }
