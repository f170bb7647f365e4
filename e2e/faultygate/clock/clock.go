// Package clock is the clock of the faulty gate, which a test sets while the
// gate runs.
package clock

import (
	"os"
	"strings"
	"time"
)

// File is the environment variable that names the file by which the clock is
// set. Where there is no such file, the clock is right.
const File = "FAULTYGATE_CLOCK"

// Now reads the clock. In its file stands how far it is ahead, such as by 36h, or
// the time at which it has stopped, as RFC 3339 writes it. What it returns has
// a monotonic reading, which is ahead by as much.
func Now() time.Time {
	now := time.Now()
	text, err := os.ReadFile(os.Getenv(File))
	if err != nil {
		return now
	}
	ahead, err := read(strings.TrimSpace(string(text)), now)
	if err != nil {
		panic(err) // the test's own mistake
	}
	return now.Add(ahead)
}

func read(text string, now time.Time) (ahead time.Duration, err error) {
	if distance, runs := strings.CutPrefix(text, "by "); runs {
		return time.ParseDuration(distance)
	}
	stopped, err := time.Parse(time.RFC3339Nano, text)
	return stopped.Sub(now), err
}
