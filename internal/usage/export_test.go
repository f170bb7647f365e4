package usage

// SetBatchBound makes batches of at most so many cells.
func SetBatchBound(r *Recorder, cells int) { r.ledger.mostCells = cells }

// CellsIn is how many cells a handle holds.
func CellsIn(c *Counters) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.tally == nil {
		return 0
	}
	return len(c.tally.cells)
}

// For tests of the spool's format.
var (
	EncodeBatch = encodeBatch
	DecodeBatch = decodeBatch
	Seal        = seal
	ErrCorrupt  = errCorrupt
)
