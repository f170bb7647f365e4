package usage

import "github.com/keystile/keystile/internal/keys"

// SetBatchBound makes batches of at most so many cells.
func SetBatchBound(r *Recorder, cells int) { r.ledger.mostCells = cells }

// CellsIn is how many cells a handle holds.
func CellsIn(k *KeyCounters) int {
	c := &k.counters
	c.mu.Lock()
	defer c.mu.Unlock()
	t := c.tally.Load()
	if t == nil {
		return 0
	}
	return len(t.cells)
}

// For tests of the spool's format.
var (
	EncodeBatch = encodeBatch
	DecodeBatch = decodeBatch
	Seal        = seal
	ErrCorrupt  = errCorrupt
)

// KeyCounters are counters with the ID of their key.
type KeyCounters struct {
	counters Counters
	id       keys.ID
}

// Counters makes a handle on one key's counters.
func (r *Recorder) Counters(id keys.ID) *KeyCounters {
	c := &KeyCounters{id: id}
	r.Bind(&c.counters)
	return c
}

// Count adds an event of the key.
func (c *KeyCounters) Count(e Event) { c.counters.Count(c.id, e) }
