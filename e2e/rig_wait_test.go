package e2e

import (
	"net/http"
	"testing"
	"time"
)

// probeEvery is how often a condition is looked at.
const probeEvery = 5 * time.Millisecond

// fewestLooks is how often a condition is looked at, at least, before its time
// is over: where the machine stood still, nobody's program went on.
const fewestLooks = 10

// becomes reports whether probe comes true within a time. No single look takes
// more than its share of that.
func becomes(within time.Duration, probe func() bool) bool {
	again := time.NewTicker(probeEvery)
	defer again.Stop()
	for left := within; left > 0; {
		began := time.Now()
		if probe() {
			return true
		}
		<-again.C
		left -= min(time.Since(began), within/fewestLooks)
	}
	return probe()
}

// eventually fails the test unless probe comes true within a time.
func eventually(t testing.TB, within time.Duration, what string, probe func() bool) {
	t.Helper()
	if !becomes(within, probe) {
		t.Fatalf("not within %v: %s", within, what)
	}
}

// wantOK fails the test unless a call was let through.
func wantOK(t testing.TB, got response) {
	t.Helper()
	if got.status != http.StatusOK {
		t.Errorf("answered %v, want 200", got)
	}
}
