package limit

import "time"

// Rate is a bucket of Burst that refills at N per Per.
type Rate struct {
	N     int64
	Per   time.Duration
	Burst int64 // at least 1
}
