package duel

import (
	"math/rand/v2"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/keystile/keystile/bench/internal/contender"
)

func all() []Group { return Plan([]int{1, Usual, 1_000_000}, regexp.MustCompile(".")) }

func TestEveryGroupHasItsFloorAndItsControlInEveryRoundOfOthers(t *testing.T) {
	t.Parallel()
	groups, random := all(), rand.New(rand.NewPCG(1, 1))
	for round := range 12 {
		turns := Turns(groups, round, random)
		for _, cell := range turns {
			for _, g := range groups {
				if g.Keys == cell.Keys && g.Refused == cell.Refused && !(slices.Contains(turns, g.Floor) && slices.Contains(turns, g.Control)) {
					t.Errorf("round %d: %v has nothing to be compared with", round, cell)
				}
			}
		}
	}
}

func TestGroupsAreMeasuredInOnePieceAndNobodyTwiceInARound(t *testing.T) {
	t.Parallel()
	turns := Turns(all(), 0, rand.New(rand.NewPCG(3, 1)))
	seen, done := map[Cell]bool{}, map[[2]any]bool{}
	for i, cell := range turns {
		group := [2]any{cell.Keys, cell.Refused}
		if i > 0 && group != [2]any{turns[i-1].Keys, turns[i-1].Refused} {
			done[[2]any{turns[i-1].Keys, turns[i-1].Refused}] = true
		}
		if seen[cell] || done[group] {
			t.Errorf("turn %d: %v comes again", i, cell)
		}
		seen[cell] = true
	}
	if want := 0; len(seen) == want {
		t.Error("nobody has a turn")
	}
}

func TestTheSeedAloneSettlesTheOrder(t *testing.T) {
	t.Parallel()
	order := func(seed uint64) []Cell { return Turns(all(), 0, rand.New(rand.NewPCG(seed, 2))) }
	if !slices.Equal(order(5), order(5)) || slices.Equal(order(5), order(6)) {
		t.Error("the order isn't that of the seed")
	}
}

func TestWhoIsNotAskedForIsLeftOutSaveTheFloorsOfThoseWhoAre(t *testing.T) {
	t.Parallel()
	groups := Plan([]int{Usual}, regexp.MustCompile("^caddy-ratelimit$"))
	if len(groups) != 1 || groups[0].Refused {
		t.Fatalf("got %v, want the one group that it is in", groups)
	}
	var names []string
	for _, cell := range groups[0].Cells {
		names = append(names, cell.Contender)
	}
	if want := []string{contender.Bare, contender.Control, "caddy-ratelimit"}; !slices.Equal(names, want) {
		t.Errorf("got %q, want %q", names, want)
	}
}

func TestRatiosPairWhatWasMeasuredInTheSameRound(t *testing.T) {
	t.Parallel()
	r, a, floor := Results{}, Cell{Contender: "a"}, Cell{Contender: "floor"}
	for round, took := range []time.Duration{100, 200, 400} { // the machine slows down
		r.Add(floor, round, Sample{Took: took})
	}
	r.Add(a, 0, Sample{Took: 150})
	r.Add(a, 2, Sample{Took: 600})
	r.Add(a, 3, Sample{Took: 9000}) // without a floor
	if got := r.Ratios(a, floor, Took); len(got) != 2 || got[0] != 1.5 || got[1] != 1.5 {
		t.Errorf("got ratios %v, want 1.5 twice", got)
	}
	got := r.Differences(a, floor, Took)
	slices.Sort(got)
	if !slices.Equal(got, []float64{50, 200}) {
		t.Errorf("got differences %v, want 50 and 200", got)
	}
}

const metrics = `# HELP keystile_store_reads_total Look-ups of presented keys in the store.
# TYPE keystile_store_reads_total counter
keystile_store_reads_total 12
keystile_store_reads_total_of_others 1000
keystile_limiter_waits_total{driver="redis"} 1.5e+01
keystile_limiter_waits_total{driver="other"} 2
`

func TestMetricIsTheSumOfItsLinesAndOfNoOther(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]int{"keystile_store_reads_total": 12, "keystile_limiter_waits_total": 17} {
		if got, err := metric([]byte(metrics), name); got != want || err != nil {
			t.Errorf("%s: got %d (%v), want %d", name, got, err, want)
		}
	}
}

func TestMetricThatIsMissingOrNoNumberIsNotTakenForNone(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "a_total_of_others 1\n", "a_total x\n", "a_total -1\n", "a_total NaN\n", "# a_total 1\n"} {
		if got, err := metric([]byte(text), "a_total"); err == nil {
			t.Errorf("%q: got %d", text, got)
		}
	}
}
