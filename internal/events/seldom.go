package events

import (
	"hash/maphash"
	"net/netip"
	"sync/atomic"
	"time"
)

// slots bounds the memory of Seldom: 8 bytes each, whatever comes.
const slots = 1 << 16

// Matter is what happens again and again: a key, or whoever has these
// addresses, meets something.
type Matter struct {
	Key    string
	Client netip.Prefix
	What   string
}

// Seldom lets each matter through once in a time. Matters that share a slot
// share that time: rather one too few than one for each request.
type Seldom struct {
	every time.Duration
	start time.Time
	seed  maphash.Seed
	last  [slots]atomic.Int64 // nanoseconds since the start; 0: never
}

// NewSeldom lets matters through at intervals.
func NewSeldom(every time.Duration, now time.Time) *Seldom {
	return &Seldom{every: every, start: now.Add(-1), seed: maphash.MakeSeed()}
}

// Due reports whether a matter's time has come, and if so, notes that it was
// let through now. A clock that was set back by more than the interval begins anew.
func (s *Seldom) Due(m Matter, now time.Time) bool {
	slot := &s.last[maphash.Comparable(s.seed, m)%slots]
	last, at := slot.Load(), int64(now.Sub(s.start))
	if at == 0 {
		at = -1
	}
	since := time.Duration(at - last)
	if last != 0 && since.Abs() < s.every {
		return false
	}
	return slot.CompareAndSwap(last, at)
}
