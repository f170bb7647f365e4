package stats

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/quick"
)

func TestMedianIsTheMiddleOfWhatWasMeasured(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		values []float64
		want   float64
	}{
		{[]float64{3}, 3},
		{[]float64{3, 1}, 2},
		{[]float64{9, 1, 2}, 2},
		{[]float64{4, 1, 100, 2}, 3},
	} {
		if got := Of(c.values, 1).Median; got != c.want {
			t.Errorf("%v: got %v, want %v", c.values, got, c.want)
		}
	}
}

func TestSpreadHoldsItsMedianAndLiesWithinWhatWasMeasured(t *testing.T) {
	t.Parallel()
	holds := func(raw []uint16, seed uint64) bool {
		values := make([]float64, len(raw))
		for i, v := range raw {
			values[i] = float64(v)
		}
		s := Of(values, seed)
		return s.N == len(values) && (s.N == 0 || slices.IsSorted([]float64{s.Min, s.Low, s.Median, s.High, s.Max}))
	}
	if err := quick.Check(holds, &quick.Config{MaxCount: 30}); err != nil {
		t.Error(err)
	}
}

// Of a hundred intervals, about 95 should hold the true median; where fewer
// than 85 do, a reader is told of a certainty that isn't there.
func TestIntervalHoldsTheTrueMedianAsOftenAsItSays(t *testing.T) {
	t.Parallel()
	random, held := rand.New(rand.NewPCG(7, 7)), 0
	for range 100 {
		values := make([]float64, 15)
		for i := range values {
			values[i] = math.Exp(random.NormFloat64()) // skewed, as times are; its median is 1
		}
		if s := Of(values, random.Uint64()); s.Low <= 1 && s.High >= 1 {
			held++
		}
	}
	if held < 85 {
		t.Errorf("%d of 100 intervals hold the true median", held)
	}
}

func TestSameMeasurementsAndSeedGiveTheSameInterval(t *testing.T) {
	t.Parallel()
	values := []float64{1, 5, 2, 8, 3}
	if a, b := Of(values, 3), Of([]float64{8, 3, 2, 5, 1}, 3); a != b {
		t.Errorf("got %v and %v", a, b)
	}
}
