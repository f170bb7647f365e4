package report

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keystile/keystile/bench/internal/contender"
	"github.com/keystile/keystile/bench/internal/duel"
	"github.com/keystile/keystile/bench/internal/inprocess"
	"github.com/keystile/keystile/bench/internal/proctime"
	"github.com/keystile/keystile/bench/internal/stats"
)

var update = flag.Bool("update", false, "write the golden file anew")

// made are figures that nobody measured, in two rounds.
func made() *Report {
	r := &Report{
		Facts:   []Fact{{"Run", "never"}, {"Machine", "none"}},
		Groups:  duel.Plan([]int{duel.Usual}, regexp.MustCompile(".")),
		Results: duel.Results{}, Seed: 1,
		Figures: inprocess.Figures{
			{Name: inprocess.Decide, Unit: "ns/op"}:          {380, 410, 390},
			{Name: inprocess.Decide, Unit: "allocs/op"}:      {0, 0, 0},
			{Name: inprocess.Simplest, Unit: "ns/op"}:        {270, 260},
			{Name: inprocess.SimplestMillion, Unit: "ns/op"}: {1000, 1100},
			{Name: inprocess.MemoryPerKey, Unit: "B/key"}:    {200, 220},
			{Name: inprocess.FlushSQLite, Unit: "p50-ns"}:    {2e6},
			{Name: inprocess.FlushPostgres, Unit: "ns/op"}:   {1}, // another unit
		},
	}
	for _, g := range r.Groups {
		for i, cell := range g.Cells {
			for round := range 2 {
				r.Results.Add(cell, round, duel.Sample{
					Requests: 1_000_000, Took: time.Duration(80_000+500*i) * time.Duration(round+1), PerSecond: 12_345.6 / float64(round+1),
					P50: 5 * time.Millisecond, P99: 20 * time.Millisecond, Memory: proctime.Memory{Now: 70 << 20, Peak: 80 << 20}, Waits: round,
				})
			}
		}
	}
	return r
}

func TestReportReadsAsItShould(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	if err := made().Write(&b); err != nil {
		t.Fatal(err)
	}
	golden := filepath.Join("testdata", "report.md")
	if *update {
		if err := os.WriteFile(golden, []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Errorf("with -update this becomes the golden file:\n%s", diff)
	}
}

func TestReachedIsWhatTheMedianSaysAndNeverWhatNobodyMeasured(t *testing.T) {
	t.Parallel()
	at := func(v float64) stats.Spread { return stats.Spread{N: 3, Median: v, Min: v, Max: v} }
	control := stats.Spread{N: 3, Median: 1, Min: 0.99, Max: 1.02}
	for want, goals := range map[string][]goal{
		"not measured": {{limit: 1.05}, {limit: 0}},
		"the stretch":  {{limit: 1.05, stretch: 1.02, got: at(1.02)}},
		"yes":          {{limit: 1.05, stretch: 1.02, got: at(1.05)}, {limit: 1, below: true, got: at(0.999)}, {got: at(0)}},
		"no": {
			{limit: 1.05, stretch: 1.02, got: at(1.051)}, {limit: 1, below: true, got: at(1)},
			{limit: 1.05, stretch: 1.02, got: at(1.08), control: control}, {got: at(1)},
		},
		"no, by less than the control's width": {{limit: 1.05, stretch: 1.02, got: at(1.06), control: control}},
	} {
		for _, g := range goals {
			if got := g.reached(); got != want {
				t.Errorf("%+v: got %q, want %q", g, got, want)
			}
		}
	}
}

func TestFiguresTakeThePlaceOfTheLastOnesAndOfNothingElse(t *testing.T) {
	t.Parallel()
	got, err := Into("# Title\n<!-- figures -->\nold\n<!-- end of figures -->\nMethod.\n", "\nnew\n\n")
	if want := "# Title\n<!-- figures -->\nnew\n<!-- end of figures -->\nMethod.\n"; got != want || err != nil {
		t.Errorf("got %q (%v)", got, err)
	}
	for _, document := range []string{"", "<!-- figures -->\n", "<!-- end of figures -->\n<!-- figures -->\n"} {
		if got, err := Into(document, "new"); err == nil {
			t.Errorf("%q: got %q", document, got)
		}
	}
}

func TestNumbersAreWrittenForPeople(t *testing.T) {
	t.Parallel()
	for got, want := range map[string]string{
		thousands(1): "1", thousands(999.6): "1,000", thousands(1234567): "1,234,567",
		micros(95_746): "95.7 µs", signed(4_100): "+4.1 µs", signed(-4_100): "-4.1 µs", millis(5_882_055): "5.88 ms",
		mebibytes(1.5 * (1 << 20)): "2 MiB", keys(1): "one key", keys(10_000): "10,000 keys",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestEveryGoalNamesContendersThatThereAre(t *testing.T) {
	t.Parallel()
	r := made()
	for _, g := range r.ratioGoals() {
		if strings.Contains(g.what, "1,000,000") {
			continue // nobody was
		}
		if g.got.N == 0 || g.control.N == 0 {
			t.Errorf("%s: nothing is found of it", g.what)
		}
	}
	if contender.Find(contender.KeystileFleet) == nil {
		t.Error("there is no fleet")
	}
}
