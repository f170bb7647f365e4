package duel

// Results are the samples of each cell, by round.
type Results map[Cell]map[int]Sample

// Add keeps a sample.
func (r Results) Add(c Cell, round int, s Sample) {
	if r[c] == nil {
		r[c] = map[int]Sample{}
	}
	r[c][round] = s
}

// Measure is one of the figures of a sample.
type Measure func(Sample) float64

// The measures.
var (
	Took      Measure = func(s Sample) float64 { return float64(s.Took) }
	Helper    Measure = func(s Sample) float64 { return float64(s.Helper) }
	PerSecond Measure = func(s Sample) float64 { return s.PerSecond }
	P50       Measure = func(s Sample) float64 { return float64(s.P50) }
	P99       Measure = func(s Sample) float64 { return float64(s.P99) }
	Now       Measure = func(s Sample) float64 { return float64(s.Memory.Now) }
	Peak      Measure = func(s Sample) float64 { return float64(s.Memory.Peak) }
	Met       Measure = func(s Sample) float64 { return float64(s.Met) }
	Vain      Measure = func(s Sample) float64 { return float64(s.Vain) }
	// WaitsInAMillion is how many of a million requests waited for another
	// server, where that can be told.
	WaitsInAMillion Measure = func(s Sample) float64 { return float64(s.Waits) * 1e6 / float64(s.Requests) }
)

// Values are what a measure of a cell was, in each round that it had a turn in.
func (r Results) Values(c Cell, of Measure) (all []float64) {
	for _, sample := range r[c] {
		all = append(all, of(sample))
	}
	return all
}

// Ratios compare two cells in each round in which both had a turn: what slows
// the machine down for a while slows both.
func (r Results) Ratios(c, floor Cell, of Measure) []float64 {
	return r.pairs(c, floor, func(a, b Sample) float64 { return of(a) / of(b) })
}

// Differences are what a cell has more than another one, compared as Ratios
// does.
func (r Results) Differences(c, floor Cell, of Measure) []float64 {
	return r.pairs(c, floor, func(a, b Sample) float64 { return of(a) - of(b) })
}

func (r Results) pairs(c, floor Cell, compare func(a, b Sample) float64) (all []float64) {
	for round, a := range r[c] {
		if b, both := r[floor][round]; both {
			all = append(all, compare(a, b))
		}
	}
	return all
}
