package usage

// SetBatchBound makes batches of at most so many cells.
func SetBatchBound(r *Recorder, cells int) { r.ledger.mostCells = cells }

// For tests of the spool's format.
var (
	EncodeBatch = encodeBatch
	DecodeBatch = decodeBatch
	Seal        = seal
	ErrCorrupt  = errCorrupt
)
