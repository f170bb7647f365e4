package report

import (
	"bytes"
	"fmt"
	"math"

	"github.com/keystile/keystile/bench/internal/contender"
	"github.com/keystile/keystile/bench/internal/duel"
	"github.com/keystile/keystile/bench/internal/inprocess"
	"github.com/keystile/keystile/bench/internal/stats"
)

// goal is a figure that was promised to be no more than so much, and hoped to
// be less.
type goal struct {
	what           string
	limit, stretch float64
	below          bool // it has to be less than the limit
	show           func(float64) string
	got, control   stats.Spread
}

func (r *Report) goals(b *bytes.Buffer) {
	b.WriteString("\n### Goals\n\n")
	table(b, "what", "goal", "stretch", "measured", "control", "reached")
	for _, g := range append(r.ratioGoals(), r.figureGoals()...) {
		measured, control := "–", "–"
		if g.got.N > 0 {
			measured = g.show(g.got.Median)
		}
		if g.got.N > 1 {
			measured += fmt.Sprintf(" (%s–%s)", g.show(g.got.Low), g.show(g.got.High))
		}
		if g.got.N > 0 && g.control.N > 0 {
			control = extremes(g.control)
		}
		sign := "≤ "
		if g.below {
			sign = "< "
		}
		row(b, g.what, sign+g.show(g.limit), g.show(g.stretch), measured, control, g.reached())
	}
	r.simplest(b)
}

// simplest is what a decision would take if it were next to nothing.
func (r *Report) simplest(b *bytes.Buffer) {
	few, many := r.figure(inprocess.Simplest, "ns/op", 1), r.figure(inprocess.SimplestMillion, "ns/op", 1)
	if few.N > 0 && many.N > 0 {
		fmt.Fprintf(b, "\nThe simplest parts of a decision (digest, look-up, bucket, count) took %s with 10,000 keys on this machine, and %s with 1,000,000.\n",
			nanos(few.Median), nanos(many.Median))
	}
}

// reached compares the median, and says where the control wouldn't tell the
// difference.
func (g *goal) reached() string {
	if g.got.N == 0 {
		return "not measured"
	}
	word, bound, m := "no", g.limit, g.got.Median
	switch {
	case m <= g.stretch && g.stretch < g.limit:
		word, bound = "the stretch", g.stretch
	case m < g.limit || m == g.limit && !g.below:
		word = "yes"
	}
	if math.Abs(m-bound) < g.width() {
		return word + ", by less than the control's width"
	}
	return word
}

// width is how far two that are the same were apart.
func (g *goal) width() float64 {
	if g.control.N == 0 {
		return 0
	}
	return max(math.Abs(g.control.Max-1), math.Abs(1-g.control.Min))
}

func ratioOf(v float64) string { return fmt.Sprintf("%.3f", v) }

// ratioGoals are those that compare processes.
func (r *Report) ratioGoals() []goal {
	all := []struct {
		goal
		keys        int
		refused     bool
		name, floor string
	}{
		{goal: goal{what: "processor time of an allowed request, 10,000 keys, over bare Caddy", limit: 1.05, stretch: 1.025},
			keys: duel.Usual, name: contender.Keystile, floor: contender.Bare},
		{goal: goal{what: "the same, gated with Caddy's own log", limit: 1.05, stretch: 1.025},
			keys: duel.Usual, name: contender.KeystilePlain, floor: contender.Bare},
		{goal: goal{what: "the same, gated as `Caddyfile.example` has it, over bare Caddy with its transport", limit: 1.05, stretch: 1.025},
			keys: duel.Usual, name: contender.KeystileTuned, floor: contender.BareTuned},
		{goal: goal{what: "the same with 1,000,000 keys", limit: 1.05, stretch: 1.03},
			keys: 1_000_000, name: contender.KeystileTuned, floor: contender.BareTuned},
		{goal: goal{what: "gated as `Caddyfile.example` has it, over ungated with Caddy's defaults, 10,000 keys", limit: 1, stretch: 0.92, below: true},
			keys: duel.Usual, name: contender.KeystileTuned, floor: contender.Bare},
		{goal: goal{what: "the same, gated with `" + contender.Quiet + "` and `" + contender.Collect + "`, too", limit: 1, stretch: 0.92, below: true},
			keys: duel.Usual, name: contender.KeystileSpare, floor: contender.Bare},
		{goal: goal{what: "refusal of a well-formed unknown key, over Caddy's `respond 401`", limit: 1.10, stretch: 1.05},
			keys: duel.Usual, refused: true, name: contender.Keystile, floor: contender.Static},
	}
	goals := make([]goal, len(all))
	for i, g := range all {
		cell := func(name string) duel.Cell { return duel.Cell{Contender: name, Keys: g.keys, Refused: g.refused} }
		floor, control := cell(contender.Bare), cell(contender.Control)
		if g.refused {
			floor, control = cell(contender.Static), cell(contender.StaticControl)
		}
		goals[i] = g.goal
		goals[i].show = ratioOf
		goals[i].got = r.ratio(cell(g.name), cell(g.floor), duel.Took)
		goals[i].control = r.ratio(control, floor, duel.Took)
	}
	return goals
}

// figureGoals are those about one figure.
func (r *Report) figureGoals() []goal {
	plain := func(v float64) string { return fmt.Sprintf("%.0f", v) }
	all := []goal{
		{what: "decision in process, 10,000 keys", limit: 400, stretch: 250, show: nanos, got: r.figure(inprocess.Decide, "ns/op", 1)},
		{what: "decision in process, 1,000,000 keys", limit: 800, stretch: 550, show: nanos, got: r.figure(inprocess.DecideOfAMillion, "ns/op", 1)},
		{what: "allocations of a decision, 10,000 keys", show: plain, got: r.figure(inprocess.Decide, "allocs/op", 1)},
		{what: "allocations of a decision, 1,000,000 keys", show: plain, got: r.figure(inprocess.DecideOfAMillion, "allocs/op", 1)},
		{what: "a million cached keys, live heap", limit: 320 << 20, stretch: 200 << 20, show: mebibytes, got: r.figure(inprocess.MemoryPerKey, "B/key", 1e6)},
		{what: "flush of 1,000 usage cells, PostgreSQL, p50", limit: 5e6, stretch: 4e6, show: millis, got: r.figure(inprocess.FlushPostgres, "p50-ns", 1)},
		{what: "the same, with its share of putting sums together, mean", limit: 5e6, stretch: 4e6, show: millis, got: r.figure(inprocess.FlushPostgres, "ns/op", 1)},
		{what: "flush of 1,000 usage cells, SQLite, p50", limit: 2.5e6, stretch: 1.6e6, show: millis, got: r.figure(inprocess.FlushSQLite, "p50-ns", 1)},
		{what: "the same, with its share of putting sums together, mean", limit: 2.5e6, stretch: 1.6e6, show: millis, got: r.figure(inprocess.FlushSQLite, "ns/op", 1)},
	}
	fleet := duel.Cell{Contender: contender.KeystileFleet, Keys: duel.Usual}
	return append(all, goal{what: "requests of cached keys that waited for the network, PostgreSQL and Redis, in a million",
		show: func(v float64) string { return fmt.Sprintf("%.1f", v) }, got: stats.Of(r.Results.Values(fleet, duel.WaitsInAMillion), r.Seed)})
}

func (r *Report) figure(name, unit string, times float64) stats.Spread {
	runs := r.Figures[inprocess.Figure{Name: name, Unit: unit}]
	values := make([]float64, len(runs))
	for i, v := range runs {
		values[i] = v * times
	}
	return stats.Of(values, r.Seed)
}
