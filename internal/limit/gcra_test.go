package limit_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/keystile/keystile/internal/limit"
)

// someRates are of all sizes; about half have an interval that is no whole
// number of nanoseconds.
func someRates(t *testing.T, random *rand.Rand) []limit.Rate {
	t.Helper()
	rates := []limit.Rate{
		{N: 1, Per: 24 * time.Hour, Burst: 1},
		{N: 10_000_000, Per: time.Second, Burst: 10_000_000},
		{N: 9_999_999, Per: time.Second, Burst: 7},
		{N: 3, Per: time.Second, Burst: 3},
	}
	for _, per := range []time.Duration{time.Second, time.Minute, time.Hour, 24 * time.Hour} {
		for range 10 {
			n := 1 + random.Int64N(1+random.Int64N(100_000))
			rates = append(rates, limit.Rate{N: n, Per: per, Burst: 1 + random.Int64N(50)})
		}
	}
	for _, r := range rates {
		if err := r.Validate(); err != nil {
			t.Fatalf("%v: %v", r, err)
		}
	}
	return rates
}

// interval is the rate's, in nanoseconds, rounded up.
func interval(r limit.Rate) int64 { return (int64(r.Per) + r.N - 1) / r.N }

// pause is a random time between two requests: none, less than an interval, or
// up to two windows.
func pause(random *rand.Rand, r limit.Rate) limit.Instant {
	most := []int64{1, interval(r), 3 * interval(r), 2 * int64(r.Window())}[random.IntN(4)]
	return limit.Instant(random.Int64N(most))
}

func TestBucketAnswersAsAnExactTokenBucketDoes(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 1))
	for _, r := range someRates(t, random) {
		b := r.Bucket()
		now := limit.Instant(random.Int64N(1 << 60))
		exact := newModel(1, interval(r), r.Burst, now)
		fullAt := now
		for range 500 {
			now += pause(random, r)
			cost := limit.Cost(random.Int64N(r.Burst + 1))
			var got limit.Outcome
			fullAt, got = b.Take(fullAt, now, cost)
			want := limit.Outcome{Granted: exact.take(now, cost)}
			want.Remaining, want.Reset = exact.remaining(), time.Duration(exact.reset())
			if !want.Granted {
				want.RetryAfter = time.Duration(exact.wait(cost))
			}
			if got != want {
				t.Fatalf("%v at %d for %d:\n got %+v\nwant %+v", r, now, cost, got, want)
			}
		}
	}
}

func TestBucketNeverGrantsWhatTheRateItselfDoesNot(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(2, 2))
	for _, r := range someRates(t, random) {
		b := r.Bucket()
		now := limit.Instant(0)
		ideal := newModel(r.N, int64(r.Per), r.Burst, now)
		fullAt := now
		for range 500 {
			now += pause(random, r)
			cost := limit.Cost(1 + random.Int64N(r.Burst))
			var got limit.Outcome
			fullAt, got = b.Take(fullAt, now, cost)
			if got.Granted && !ideal.take(now, cost) {
				t.Fatalf("%v at %d: granted %d, which the rate doesn't", r, now, cost)
			}
		}
	}
}

func TestBucketGrantsAtLeast99PercentOfTheRate(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 3))
	for _, r := range someRates(t, random) {
		b := r.Bucket()
		// An eager client asks at the very instant that it was told, and so is
		// granted once an interval, after the burst.
		const asked = 20_000
		fullAt, now, granted := limit.Instant(0), limit.Instant(0), int64(0)
		for granted < r.Burst+asked {
			var out limit.Outcome
			if granted < r.Burst {
				fullAt, out = b.Take(fullAt, now, limit.Cost(r.Burst))
				granted += r.Burst
			} else {
				fullAt, out = b.Take(fullAt, now, 1)
				granted += boolToInt(out.Granted)
			}
			now += limit.Instant(out.RetryAfter)
		}
		ideal := r.Burst + int64(float64(now)*float64(r.N)/float64(r.Per))
		if granted > ideal+1 || granted*100 < ideal*99 {
			t.Errorf("%v: %d granted in %v, the rate gives %d", r, granted, time.Duration(now), ideal)
		}
	}
}

func boolToInt(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

func TestClockThatJumpsAnywhereNeverBlocksForMoreThanAWindow(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(4, 4))
	jumps := []limit.Instant{
		0, 1, -1, limit.Instant(time.Hour), -limit.Instant(time.Hour),
		math.MaxInt64 - limit.Instant(time.Second), math.MinInt64, math.MaxInt64 / 2, math.MinInt64 / 2,
	}
	for _, r := range someRates(t, random) {
		b := r.Bucket()
		var fullAt limit.Instant
		for range 300 {
			now := jumps[random.IntN(len(jumps))] + limit.Instant(random.Int64N(int64(time.Second)))
			cost := limit.Cost(random.Int64N(r.Burst) + 1)
			var out limit.Outcome
			fullAt, out = b.Take(fullAt, now, cost)
			checkOutcome(t, r, out)
			if !out.Granted && now < math.MaxInt64-3*limit.Instant(limit.MaxWindow) { // up there, time stands still
				again := now + limit.Instant(out.RetryAfter)
				fullAt, out = b.Take(fullAt, again, cost)
				if !out.Granted {
					t.Fatalf("%v at %d: denied after waiting as told: %+v", r, again, out)
				}
			}
		}
	}
}

func TestDeniedRequestLeavesTheBucketAsItWas(t *testing.T) {
	t.Parallel()
	b := limit.Rate{N: 10, Per: time.Second, Burst: 20}.Bucket()
	fullAt, _ := b.Take(0, 0, 15)
	after, out := b.Take(fullAt, 0, 6)
	if out.Granted || after != fullAt {
		t.Errorf("denied %v: full at %d, was %d", !out.Granted, after, fullAt)
	}
}

func TestLateRequestsAreReckonedAtTheLatestTime(t *testing.T) {
	t.Parallel()
	const tolerance = 5 * time.Second
	for _, c := range []struct{ latest, now, want limit.Instant }{
		{100, 200, 200},
		{200, 100, 200},
		{limit.Instant(tolerance) + 100, 100, limit.Instant(tolerance) + 100},
		{limit.Instant(tolerance) + 101, 100, 100},
		{math.MaxInt64 / 2, math.MinInt64, math.MinInt64},
		{math.MinInt64, math.MaxInt64 / 2, math.MaxInt64 / 2},
	} {
		if got := limit.Latest(c.latest, c.now, tolerance); got != c.want {
			t.Errorf("Latest(%d, %d) = %d, want %d", c.latest, c.now, got, c.want)
		}
	}
}

func TestCarriedBucketHasAsMuchSpent(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(8, 8))
	rates := someRates(t, random)
	for _, from := range rates {
		for _, to := range rates {
			now := limit.Instant(random.Int64N(1 << 60))
			spent := random.Int64N(from.Burst + 1)
			fullAt, _ := from.Bucket().Take(now, now, limit.Cost(spent))
			_, out := to.Bucket().Take(to.Bucket().Carry(from.Bucket(), fullAt, now), now, 0)
			if want := to.Burst - min(spent, to.Burst); out.Remaining != want {
				t.Fatalf("%v with %d spent becomes %v: %d remain, want %d", from, spent, to, out.Remaining, want)
			}
		}
	}
}

func TestBucketHoldsItsBurstAtTheEndsOfTime(t *testing.T) {
	t.Parallel()
	b := limit.Rate{N: 1, Per: time.Hour, Burst: 3}.Bucket()
	for _, now := range []limit.Instant{math.MinInt64, 0, math.MaxInt64} {
		granted, fullAt := int64(0), limit.Instant(math.MinInt64)
		for range 5 {
			var out limit.Outcome
			fullAt, out = b.Take(fullAt, now, 1)
			granted += boolToInt(out.Granted)
		}
		if granted != 3 {
			t.Errorf("%d granted at %d, want 3", granted, now)
		}
	}
}
