package e2e

import (
	"net/http"
	"testing"
	"time"
)

// probeEvery is how often a condition is looked at.
const probeEvery = 5 * time.Millisecond

// becomes reports whether probe comes true within a time.
func becomes(within time.Duration, probe func() bool) bool {
	if probe() {
		return true
	}
	over := time.NewTimer(within)
	defer over.Stop()
	again := time.NewTicker(probeEvery)
	defer again.Stop()
	for {
		select {
		case <-again.C:
			if probe() {
				return true
			}
		case <-over.C:
			return probe()
		}
	}
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
