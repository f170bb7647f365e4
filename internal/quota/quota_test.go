package quota

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func nothingStored(context.Context, Subject, time.Time) (Sums, error) { return Sums{}, nil }

func claim(q ...Quota) []Claim {
	return []Claim{{Subject: Subject{Kind: OfKey, Lineage: "key_a"}, Quotas: q}}
}

// passing counts how many of n calls of cost 1 pass.
func passing(t *testing.T, table *Table, claims []Claim, n int, now time.Time) (passed int, last Excess) {
	t.Helper()
	for range n {
		excess, granted, err := table.Take(t.Context(), claims, 1, now)
		if err != nil {
			t.Fatal(err)
		}
		if granted {
			passed++
		} else {
			last = excess
		}
	}
	return passed, last
}

func TestExactlyAsManyPassAsAQuotaSaysAndAgainInTheNextPeriod(t *testing.T) {
	t.Parallel()
	for _, period := range []Period{Hour, Day, Month} {
		table := NewTable(nothingStored)
		claims := claim(Quota{Max: 100, Period: period})
		passed, excess := passing(t, table, claims, 150, noon)
		if passed != 100 {
			t.Errorf("%s: %d passed", period, passed)
		}
		end := noon.Add(excess.RetryAfter)
		if got, _ := passing(t, table, claims, 1, end.Add(-time.Nanosecond)); got != 0 {
			t.Errorf("%s: one passed before the period was over", period)
		}
		if got, _ := passing(t, table, claims, 150, end); got != 100 {
			t.Errorf("%s: %d passed in the next period, from %s on", period, got, end)
		}
	}
}

func TestPeriodsAreThoseOfTheCalendarInUTC(t *testing.T) {
	t.Parallel()
	east := time.FixedZone("east", 14*60*60)
	at := time.Date(2027, 1, 1, 3, 30, 0, 0, east) // 2026-12-31 13:30 UTC
	for period, want := range map[Period][2]string{
		Hour:  {"2026-12-31T13:00:00Z", "2026-12-31T14:00:00Z"},
		Day:   {"2026-12-31T00:00:00Z", "2027-01-01T00:00:00Z"},
		Month: {"2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z"},
	} {
		if got := [2]string{period.Start(at).Format(time.RFC3339), period.End(at).Format(time.RFC3339)}; got != want {
			t.Errorf("%s: %v, want %v", period, got, want)
		}
	}
}

func TestWhatIsStoredCounts(t *testing.T) {
	t.Parallel()
	table := NewTable(func(context.Context, Subject, time.Time) (Sums, error) { return Sums{Day: 97, Month: 97}, nil })
	if passed, _ := passing(t, table, claim(Quota{Max: 100, Period: Month}), 10, noon); passed != 3 {
		t.Errorf("%d passed, want 3", passed)
	}
}

func TestAllQuotasGrantOrNothingIsSpent(t *testing.T) {
	t.Parallel()
	table := NewTable(nothingStored)
	wide := Claim{Subject: Subject{Kind: OfWorkspace, Workspace: "w"}, Quotas: []Quota{{Max: 10, Period: Day}}}
	narrow := Claim{Subject: Subject{Kind: OfKey, Lineage: "key_a"}, Quotas: []Quota{{Max: 2, Period: Day}}}
	if passed, _ := passing(t, table, []Claim{wide, narrow}, 9, noon); passed != 2 {
		t.Fatalf("%d passed, want 2", passed)
	}
	if passed, _ := passing(t, table, []Claim{wide}, 20, noon); passed != 8 {
		t.Errorf("%d passed of the other's 8: refusals were spent", passed)
	}
}

func TestWhatIsGivenBackCanBeTakenAgain(t *testing.T) {
	t.Parallel()
	table := NewTable(nothingStored)
	claims := claim(Quota{Max: 1, Period: Day})
	passing(t, table, claims, 1, noon)
	table.GiveBack(claims, 1, noon)
	if passed, _ := passing(t, table, claims, 2, noon); passed != 1 {
		t.Errorf("%d passed, want 1", passed)
	}
}

func TestAClockThatIsSetBackGivesNoSecondAllowance(t *testing.T) {
	t.Parallel()
	table := NewTable(nothingStored)
	claims := claim(Quota{Max: 5, Period: Hour})
	passing(t, table, claims, 5, noon)
	if passed, _ := passing(t, table, claims, 5, noon.Add(-2*time.Hour)); passed != 0 {
		t.Errorf("%d passed", passed)
	}
}

func TestManyAtOnceNeverPassAQuota(t *testing.T) {
	t.Parallel()
	var loads atomic.Int64
	table := NewTable(func(context.Context, Subject, time.Time) (Sums, error) { loads.Add(1); return Sums{}, nil })
	claims := claim(Quota{Max: 1000, Period: Month})
	var passed atomic.Int64
	var group sync.WaitGroup
	for range 64 {
		group.Go(func() {
			for range 50 {
				if _, granted, _ := table.Take(t.Context(), claims, 1, noon); granted {
					passed.Add(1)
				}
				table.Sweep(noon.Add(-time.Hour)) // forgets nothing that was used since
			}
		})
	}
	group.Wait()
	if passed.Load() != 1000 || loads.Load() != 1 {
		t.Errorf("%d passed, with %d loads", passed.Load(), loads.Load())
	}
}

func TestAStoreThatCannotTellGrantsNothing(t *testing.T) {
	t.Parallel()
	away := errors.New("away")
	table := NewTable(func(context.Context, Subject, time.Time) (Sums, error) { return Sums{}, away })
	if _, granted, err := table.Take(t.Context(), claim(Quota{Max: 1, Period: Day}), 1, noon); granted || !errors.Is(err, away) {
		t.Errorf("granted %v, %v", granted, err)
	}
}

func TestForgottenCountersAreReadAgain(t *testing.T) {
	t.Parallel()
	stored := Sums{}
	table := NewTable(func(context.Context, Subject, time.Time) (Sums, error) { return stored, nil })
	claims := claim(Quota{Max: 5, Period: Month})
	passing(t, table, claims, 3, noon)
	stored = Sums{Day: 3, Month: 3}
	table.Sweep(noon.Add(time.Minute))
	if passed, _ := passing(t, table, claims, 5, noon.Add(2*time.Minute)); passed != 2 {
		t.Errorf("%d passed, want the 2 that are left", passed)
	}
}

func TestCountersAreReadAgainAfterAReset(t *testing.T) {
	t.Parallel()
	stored := Sums{}
	table := NewTable(func(context.Context, Subject, time.Time) (Sums, error) { return stored, nil })
	claims := claim(Quota{Max: 5, Period: Month})
	passing(t, table, claims, 2, noon)
	stored = Sums{Day: 4, Month: 4} // two of them somebody else's
	table.Reset()
	if passed, _ := passing(t, table, claims, 5, noon); passed != 1 {
		t.Errorf("%d passed, want the 1 that is left", passed)
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"100/month", "1/hour", "0/day", "-1/day", "+1/day", "9223372036854775808/day", "5/week", "/", "5", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		q, err := Parse(text)
		if err == nil && (q.Max < 1 || !strings.HasSuffix(text, "/"+q.Period.String())) {
			t.Errorf("%q was read as %+v", text, q)
		}
	})
}
