package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/keystile/keystile/bench/internal/stats"
)

// few is how many rounds say too little for an interval.
const few = 4

// interval is a median, and how sure it is.
func interval(s stats.Spread) string {
	switch {
	case s.N == 0:
		return "–"
	case s.Min == s.Max:
		return fmt.Sprintf("%.3f", s.Median)
	case s.N < few:
		return fmt.Sprintf("%.3f (%s)", s.Median, extremes(s))
	}
	return fmt.Sprintf("%.3f (%.3f–%.3f)", s.Median, s.Low, s.High)
}

func extremes(s stats.Spread) string {
	if s.N == 0 {
		return "–"
	}
	return fmt.Sprintf("%.3f to %.3f", s.Min, s.Max)
}

// The units, of what was measured in nanoseconds or bytes.

func nanos(ns float64) string { return fmt.Sprintf("%.0f ns", ns) }

func micros(ns float64) string { return fmt.Sprintf("%.1f µs", ns/1e3) }

func millis(ns float64) string { return fmt.Sprintf("%.2f ms", ns/1e6) }

func signed(ns float64) string { return fmt.Sprintf("%+.1f µs", ns/1e3) }

func mebibytes(bytes float64) string { return fmt.Sprintf("%.0f MiB", bytes/(1<<20)) }

func keys(n int) string {
	if n == 1 {
		return "one key"
	}
	return thousands(float64(n)) + " keys"
}

// thousands writes a number with commas.
func thousands(f float64) string {
	text := strconv.Itoa(int(math.Round(f)))
	var b strings.Builder
	for i, digit := range text {
		if i > 0 && (len(text)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(digit)
	}
	return b.String()
}
