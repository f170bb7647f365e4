package events_test

import (
	"net/netip"
	"strconv"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/events"
)

var noon = time.Date(2027, 1, 1, 12, 0, 0, 0, time.UTC)

func TestAMatterIsDueOnceInATime(t *testing.T) {
	t.Parallel()
	s := events.NewSeldom(time.Minute, noon)
	m := events.Matter{Key: "key_1", What: "live"}
	for _, c := range []struct {
		after time.Duration
		due   bool
	}{
		{0, true}, {0, false}, {time.Millisecond, false}, {59 * time.Second, false}, {time.Minute, true}, {time.Minute + 1, false},
		{time.Minute - time.Second, false}, // a request that read the clock a little before
		{3 * time.Minute, true},
		{-time.Hour, true}, {-time.Hour + time.Second, false}, // the clock was set back
	} {
		if got := s.Due(m, noon.Add(c.after)); got != c.due {
			t.Errorf("after %v: due is %v", c.after, got)
		}
	}
}

func TestOneKeysMattersDoNotHideAnothers(t *testing.T) {
	t.Parallel()
	s := events.NewSeldom(time.Minute, noon)
	due := 0
	for i := range 100 {
		for _, m := range []events.Matter{
			{Key: strconv.Itoa(i), What: "live"}, {Key: strconv.Itoa(i), What: "quota day"},
			{Client: netip.PrefixFrom(netip.AddrFrom4([4]byte{192, 0, 2, byte(i)}), 32), What: "unknown_keys"},
		} {
			if s.Due(m, noon) {
				due++
			}
		}
	}
	if due < 285 { // some share a slot, so many as good as never
		t.Errorf("%d of 300 are due", due)
	}
}

func TestAskingWhatIsDueAllocatesNothing(t *testing.T) {
	s := events.NewSeldom(time.Minute, noon)
	if n := testing.AllocsPerRun(100, func() { s.Due(events.Matter{Key: "key_1", What: "live"}, noon) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
