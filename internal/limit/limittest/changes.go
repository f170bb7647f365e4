package limittest

import (
	"testing"
	"time"
)

// changes are the guarantees about limits that are configured anew.
var changes = map[string]func(*testing.T, bench){
	"RaisedLimitStartsFromWhatWasSpent":        raised,
	"LoweredLimitStartsFromWhatWasSpent":       lowered,
	"LimitSpentBeyondANewBurstStartsEmpty":     loweredBeneathUse,
	"SlowerLimitKeepsTheCountAndNotTheTime":    slower,
	"RolledBackLimitKnowsWhatWasSpentMeantime": rolledBack,
	"ReloadsBackAndForthNeitherStarveNorGive":  backAndForth,
}

func raised(t *testing.T, b bench) {
	s := Subject(b.limiter, "key_1")
	b.take(t, s, 0, 8, newLimit("live", "10/m", 0))
	if got := b.drain(t, s, 0, newLimit("live", "100/m", 0)); got != 92 {
		t.Errorf("%d granted after 8 of 10 and a raise to 100, want 92", got)
	}
}

func lowered(t *testing.T, b bench) {
	s := Subject(b.limiter, "key_1")
	b.take(t, s, 0, 3, newLimit("live", "100/m", 0))
	if got := b.drain(t, s, 0, newLimit("live", "10/m", 0)); got != 7 {
		t.Errorf("%d granted after 3 of 100 and a cut to 10, want 7", got)
	}
}

func loweredBeneathUse(t *testing.T, b bench) {
	s := Subject(b.limiter, "key_1")
	b.take(t, s, 0, 50, newLimit("live", "100/m", 0))
	d := b.take(t, s, 0, 1, newLimit("live", "10/m", 0))
	if d.Granted || d.RetryAfter != 6*time.Second {
		t.Errorf("after 50 of 100 and a cut to 10: %+v, want a denial for 6s", d)
	}
}

func slower(t *testing.T, b bench) {
	s := Subject(b.limiter, "key_1")
	b.take(t, s, 0, 6, newLimit("live", "10/s", 0))
	d := b.take(t, s, 100*time.Millisecond, 0, newLimit("live", "10/h", 0))
	if got := d.Headline(); got.Remaining != 5 || got.Reset != 30*time.Minute {
		t.Errorf("after 6 of 10, 1 of them refilled: %+v, want 5 and 30m", got)
	}
}

func rolledBack(t *testing.T, b bench) {
	s := Subject(b.limiter, "key_1")
	b.take(t, s, 0, 2, newLimit("live", "10/h", 0))
	b.take(t, s, 0, 5, newLimit("live", "20/h", 0))
	if got := b.drain(t, s, 0, newLimit("live", "10/h", 0)); got != 3 {
		t.Errorf("%d granted after 2 and 5 of 10, want 3", got)
	}
}

func backAndForth(t *testing.T, b bench) {
	s := Subject(b.limiter, "key_1")
	granted, at := int64(0), time.Duration(0)
	for i := range 600 {
		at = time.Duration(i) * 10 * time.Millisecond
		granted += b.drain(t, s, at, newLimit("live", "10/s", 10+int64(i%2)))
	}
	if most := int64(10*at/time.Second) + 11; granted > most || granted < most*95/100 {
		t.Errorf("%d granted in %v of reloads, want %d or up to 5%% less", granted, at, most)
	}
}
