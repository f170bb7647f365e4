package dashboard

import (
	"crypto/rand"
	"time"

	"github.com/keystile/keystile/internal/manage"
)

func newOnce() string { return rand.Text() }

var usualGraces = []string{"0s", "1h", "24h", "7d", "30d"}

// gracesOf are what a rotation may leave the old key, the most first.
func gracesOf(most time.Duration) (whole string, all []string) {
	whole = manage.DurationText(most)
	all = append(all, whole)
	for i := len(usualGraces) - 1; i >= 0; i-- {
		if d, err := manage.ParseDuration(usualGraces[i]); err == nil && d < most {
			all = append(all, usualGraces[i])
		}
	}
	return whole, all
}
