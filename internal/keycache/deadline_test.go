package keycache

import (
	"testing"
	"time"
)

// Both clocks can't be set apart from outside: a time carries the two of them.
func TestTrustEndsOnEitherClock(t *testing.T) {
	t.Parallel()
	d := &deadline{mono: 10 * time.Second, wall: 1000}
	for _, c := range []struct {
		name string
		mono time.Duration
		wall int64
		want bool
	}{
		{"before both", 10*time.Second - 1, 999, true},
		{"TIME-02 the wall clock was set back", 10 * time.Second, 0, false},
		{"TIME-01 the wall clock was set forward", 0, 1000, false},
		{"the machine was suspended, and only the wall clock went on", time.Second, 5000, false},
		{"after both", time.Hour, 5000, false},
	} {
		if got := d.ahead(c.mono, c.wall); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

func TestAConfirmationAfterTheWallClockWasSetBackCounts(t *testing.T) {
	t.Parallel()
	base := time.Now()
	tr := trust{base: base}
	tr.confirm(base.Add(10 * time.Second))
	tr.end.Load().wall += int64(time.Hour) // as if confirmed before it was set back
	tr.confirm(base.Add(20 * time.Second))
	if !tr.holds(base.Add(15 * time.Second)) {
		t.Error("TIME-02: the later confirmation doesn't hold")
	}
	if tr.holds(base.Add(20 * time.Second)) {
		t.Error("TIME-02: trust goes on past the later confirmation")
	}
}
