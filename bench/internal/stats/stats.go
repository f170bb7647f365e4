// Package stats says what some measurements of the same thing amount to.
package stats

import (
	"math/rand/v2"
	"slices"
)

// Spread is where measurements lie.
type Spread struct {
	N                int
	Median, Min, Max float64
	// Low and High bound the median, with 95% confidence, by the bootstrap's
	// percentiles (Efron, 1979): how far it moves when the measurements are
	// drawn from themselves, again and again.
	Low, High float64
}

// Of sums up measurements; the zero Spread without any. The seed settles what
// is drawn.
func Of(values []float64, seed uint64) Spread {
	if len(values) == 0 {
		return Spread{}
	}
	sorted := slices.Sorted(slices.Values(values))
	s := Spread{N: len(sorted), Median: median(sorted), Min: sorted[0], Max: sorted[len(sorted)-1]}
	s.Low, s.High = bootstrap(sorted, seed)
	return s
}

// median is the middle of values that ascend, or between the two in the middle.
func median(sorted []float64) float64 {
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

func bootstrap(values []float64, seed uint64) (low, high float64) {
	const draws, tail = 2000, 50             // 2.5% at each end
	random := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // draws that can be repeated, not a secret
	medians, drawn := make([]float64, draws), make([]float64, len(values))
	for i := range medians {
		for j := range drawn {
			drawn[j] = values[random.IntN(len(values))]
		}
		slices.Sort(drawn)
		medians[i] = median(drawn)
	}
	slices.Sort(medians)
	return medians[tail], medians[draws-1-tail]
}
