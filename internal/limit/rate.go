package limit

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Rate is a bucket of Burst that refills at N per Per.
type Rate struct {
	N     int64
	Per   time.Duration
	Burst int64 // at least 1
}

// Bounds of a Rate. Beneath them no sum of instants overflows, and the whole
// nanoseconds that a bucket counts in lose less than 1% of the rate.
const (
	MinInterval = 100 * time.Nanosecond     // between two units: 10,000,000/s
	MaxWindow   = 10 * 365 * 24 * time.Hour // to fill an empty bucket
)

// units are the letters behind the slash of a rate.
var units = []struct {
	letter string
	per    time.Duration
}{
	{"s", time.Second},
	{"m", time.Minute},
	{"h", time.Hour},
	{"d", 24 * time.Hour},
}

// ParseRate reads "N/unit", where unit is s, m, h or d and N a whole number of
// at least 1. A burst of 0 stands for none stated: the bucket then holds N.
// The error says what is wrong with which text.
func ParseRate(text string, burst int64) (Rate, error) {
	count, unit, found := strings.Cut(text, "/")
	if !found {
		return Rate{}, fmt.Errorf("rate %q is not of the form N/unit, such as 100/s", text)
	}
	n, err := parseCount(count)
	if err != nil {
		return Rate{}, fmt.Errorf("rate %q: %w", text, err)
	}
	per, known := unitOf(unit)
	if !known {
		return Rate{}, fmt.Errorf("rate %q: unknown unit %q; known: s, m, h, d", text, unit)
	}
	r := Rate{N: n, Per: per, Burst: burst}
	if burst == 0 {
		r.Burst = n
	}
	if err := r.Validate(); err != nil {
		return Rate{}, fmt.Errorf("rate %q: %w", text, err)
	}
	return r, nil
}

// parseCount reads digits only: no sign, fraction or exponent.
func parseCount(text string) (int64, error) {
	if text == "" || strings.Trim(text, "0123456789") != "" {
		return 0, fmt.Errorf("%q is not a whole number", text)
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if errors.Is(err, strconv.ErrRange) {
		return 0, fmt.Errorf("%s is too large", text)
	}
	return n, err
}

func unitOf(letter string) (per time.Duration, known bool) {
	for _, u := range units {
		if u.letter == letter {
			return u.per, true
		}
	}
	return 0, false
}

// Validate says what is wrong with a rate that was made otherwise than by
// ParseRate.
func (r Rate) Validate() error {
	switch {
	case r.N < 1:
		return errors.New("a rate is at least 1")
	case r.Per <= 0:
		return fmt.Errorf("a rate counts per %v, which is no span of time", r.Per)
	case r.Burst < 1:
		return fmt.Errorf("burst is %d; it is at least 1", r.Burst)
	case r.N > int64(r.Per/MinInterval):
		return fmt.Errorf("more than %d/s is too fast to be counted", time.Second/MinInterval)
	case r.Burst > int64(MaxWindow)/r.interval():
		return fmt.Errorf("a bucket of %d takes more than %d days to refill", r.Burst, MaxWindow/(24*time.Hour))
	}
	return nil
}

// Window is how long an empty bucket takes to be full: no denial lasts longer.
func (r Rate) Window() time.Duration { return r.Bucket().Window() }

// String writes the rate as a configuration does: "100/s burst 200".
func (r Rate) String() string {
	unit := r.Per.String()
	for _, u := range units {
		if u.per == r.Per {
			unit = u.letter
		}
	}
	return fmt.Sprintf("%d/%s burst %d", r.N, unit, r.Burst)
}

// interval is the time in which one unit refills, in whole nanoseconds.
// Rounded up: a rate is a promise of what is never passed.
func (r Rate) interval() int64 {
	n := max(1, r.N)
	return max(1, (int64(r.Per)+n-1)/n)
}
