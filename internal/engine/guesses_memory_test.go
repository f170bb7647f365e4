package engine

import (
	"net/netip"
	"testing"
	"time"
	"unsafe"

	"github.com/keystile/keystile/internal/limit"
)

// It counts allocations, so it isn't parallel.
func TestDOS03AMillionAddressesTakeNoMoreMemoryThanOne(t *testing.T) {
	const addresses, most = 1_000_000, 520 << 10
	start := time.Now()
	e := &Engine{cfg: Config{Now: func() time.Time { return start }}}
	e.boundGuesses(&limit.Rate{N: 1, Per: time.Hour, Burst: 2})
	g := e.Guesses()
	next, granted := netip.MustParseAddr("10.0.0.0"), 0
	if n := testing.AllocsPerRun(addresses, func() {
		next = next.Next()
		if ok, _ := g.Take(next, start); ok {
			granted++
		}
	}); n != 0 {
		t.Errorf("%v allocations for each address", n)
	}
	if size := unsafe.Sizeof(*g); size > most {
		t.Errorf("the buckets take %d bytes, want %d at most", size, most)
	}
	if granted > 2*guessSlots {
		t.Errorf("%d guesses granted, want no more than the %d that all buckets hold", granted, 2*guessSlots)
	}
}
