package manage

import (
	"fmt"
	"testing"
	"time"
)

func TestWhatIsRememberedOfRefusedReadsIsBounded(t *testing.T) {
	t.Parallel()
	var r refusedReads
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	for i := range 3 * mostTallies {
		if _, due := r.due(refusedRead{fmt.Sprint("token ", i), "key.show"}, now); !due {
			t.Fatalf("the first refusal of actor %d is not recorded", i)
		}
		if len(r.tallies) > mostTallies {
			t.Fatalf("%d are remembered", len(r.tallies))
		}
		now = now.Add(time.Millisecond)
	}
	last := refusedRead{fmt.Sprint("token ", 3*mostTallies-1), "key.show"}
	if _, due := r.due(last, now); due {
		t.Error("the latest actor is forgotten")
	}
	if unrecorded, due := r.due(last, now.Add(quietFor)); !due || unrecorded != 1 {
		t.Errorf("a minute later: %d unrecorded, due %v", unrecorded, due)
	}
}
