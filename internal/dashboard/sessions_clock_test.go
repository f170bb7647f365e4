package dashboard

import (
	"testing"
	"time"

	"github.com/keystile/keystile/internal/manage"
)

// What is compared with a monotonic reading isn't moved by setting the clock.
func TestTIME02ASessionGoesByNoWallClock(t *testing.T) {
	t.Parallel()
	began := time.Now()
	_, made := NewSessions(nil).begin(manage.Actor{}, began)
	for what, at := range map[string]time.Time{"its begin": made.began, "its last use": made.lastSeen()} {
		if at == at.Round(0) {
			t.Errorf("%s has lost its monotonic reading", what)
		}
	}
}
