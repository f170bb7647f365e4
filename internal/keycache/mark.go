package keycache

import "sync/atomic"

// mark is the slot of an entry's digest, and whether the entry was asked for
// since the hand passed: its lowest bit.
type mark struct{ bits atomic.Uint32 }

const used = 1

func (m *mark) set(of slot) { m.bits.Store(uint32(of) << 1) }

func (m *mark) slot() slot { return slot(m.bits.Load() >> 1) }

// use writes only where that isn't there yet: everybody asks for the entries
// that are asked for most.
func (m *mark) use() {
	if m.bits.Load()&used == 0 {
		m.bits.Or(used)
	}
}

// spare takes the bit back, and reports whether it was there.
func (m *mark) spare() bool { return m.bits.And(^uint32(used))&used != 0 }
