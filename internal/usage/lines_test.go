package usage

import (
	"testing"
	"time"
	"unsafe"

	"github.com/keystile/keystile/internal/keys"
)

func TestWhatACallWritesOfItsKeyFillsThreeCacheLines(t *testing.T) {
	t.Parallel()
	const line = 64
	if all, one := unsafe.Sizeof(tally{}), unsafe.Sizeof(note{}); all != 3*line || one != line {
		t.Errorf("the counters of a key take %d bytes and a note %d, want %d and %d", all, one, 3*line, line)
	}
}

// AllocsPerRun counts what any goroutine allocates: not parallel.
func TestCallsOfManyKeysAllocateNothingBeforeTheFirstFlushEither(t *testing.T) {
	const many = 2000 // of which each has a share of one note
	r, all := NewRecorder("here"), make([]Counters, many)
	id, e := keys.ID("key_1"), Event{At: time.Unix(0, 0), Status: 200}
	for i := range all {
		r.Bind(&all[i])
	}
	each := func() {
		for i := range all {
			all[i].Count(id, e)
		}
	}
	for range 2 { // the second also uses up the notes that all share
		each()
	}
	if n := testing.AllocsPerRun(10, each); n != 0 {
		t.Errorf("%v allocations for a call of each key", n)
	}
}
