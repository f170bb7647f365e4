package local

// ManyCells is for tests.
const ManyCells = manyCells

// CellsOf counts the buckets of a subject.
func CellsOf(l *Limiter, id string) int {
	b := l.table.Resolve(id, newBuckets)
	b.mu.Lock()
	defer b.mu.Unlock()
	n := 0
	for c := b.cells(); c != nil; c = c.next {
		n++
	}
	return n
}
