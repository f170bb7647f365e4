package report

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/keystile/keystile/bench/internal/contender"
	"github.com/keystile/keystile/bench/internal/duel"
	"github.com/keystile/keystile/bench/internal/stats"
)

// group writes what everybody needed for the same work.
func (r *Report) group(b *bytes.Buffer, g duel.Group) {
	kind := "Allowed requests"
	if g.Refused {
		kind = "Refusals of keys that nobody has"
	}
	fmt.Fprintf(b, "\n### %s, %s\n\nRatios are to \"%s\", in the same round. ", kind, keys(g.Keys), g.Floor.Contender)
	fmt.Fprintf(b, "The control's processor time is %s of it, in %d rounds.\n\n", extremes(r.ratio(g.Control, g.Floor, duel.Took)), len(r.Results[g.Control]))
	table(b, "", "processor time", "ratio", "more", "requests/s", "p50", "p99", "memory")
	for _, cell := range g.Cells {
		if len(r.Results[cell]) > 0 {
			r.line(b, cell, g.Floor)
		}
	}
	r.remarks(b, g)
}

func (r *Report) line(b *bytes.Buffer, cell, floor duel.Cell) {
	took := micros(r.middle(cell, duel.Took))
	if helper := r.middle(cell, duel.Helper); helper > 0 {
		took += " + " + micros(helper)
	}
	row(b, cell.Contender, took, interval(r.ratio(cell, floor, duel.Took)),
		signed(stats.Of(r.Results.Differences(cell, floor, duel.Took), r.Seed).Median),
		fmt.Sprintf("%s (%.2f)", thousands(r.middle(cell, duel.PerSecond)), r.ratio(cell, floor, duel.PerSecond).Median),
		fmt.Sprintf("%s (%.2f)", millis(r.middle(cell, duel.P50)), r.ratio(cell, floor, duel.P50).Median),
		fmt.Sprintf("%s (%.2f)", millis(r.middle(cell, duel.P99)), r.ratio(cell, floor, duel.P99).Median),
		fmt.Sprintf("%s, %s at most", mebibytes(r.middle(cell, duel.Now)), mebibytes(r.middle(cell, duel.Peak))))
}

// remarks are what the table has no room for.
func (r *Report) remarks(b *bytes.Buffer, g duel.Group) {
	var met, absent []string
	for _, c := range contender.All() {
		cell := duel.Cell{Contender: c.Name, Keys: g.Keys, Refused: g.Refused}
		if (c.Gate || c.Limits) && !c.Fleet && !g.Refused && !c.Takes(g.Keys, false) {
			absent = append(absent, c.Name)
		}
		if took := r.middle(cell, duel.Met); took > 0 && g.Keys > 1 {
			met = append(met, c.Name+" "+micros(took)+r.vain(cell))
		}
	}
	list(b, "Processor time for the first request of each key, with nothing behind the gate", met)
	list(b, "Not measured with so many keys", absent)
	r.over(b, g, contender.KeystileTuned, contender.BareTuned)
	r.over(b, g, contender.KeystileSpare, contender.BareSpare)
	r.over(b, g, "nginx map", contender.Nginx)
	r.over(b, g, "HAProxy map", contender.HAProxy)
}

// vain says how many first requests came to nothing.
func (r *Report) vain(c duel.Cell) string {
	most := stats.Of(r.Results.Values(c, duel.Vain), r.Seed).Max
	if most == 0 {
		return ""
	}
	return fmt.Sprintf(" (up to %s were answered 503, and came again)", thousands(most))
}

func list(b *bytes.Buffer, of string, items []string) {
	if len(items) > 0 {
		fmt.Fprintf(b, "\n%s: %s.\n", of, strings.Join(items, "; "))
	}
}

// legend says who is who.
func (r *Report) legend(b *bytes.Buffer) {
	b.WriteString("\n### Who is who\n\n")
	met := map[string]bool{}
	for _, g := range r.Groups {
		for _, cell := range g.Cells {
			met[cell.Contender] = true
		}
	}
	for _, c := range contender.All() {
		if met[c.Name] {
			fmt.Fprintf(b, "- %s: %s.\n", c.Name, c.Says)
		}
	}
}

// over compares somebody with a floor of its own.
func (r *Report) over(b *bytes.Buffer, g duel.Group, name, floor string) {
	a, of := duel.Cell{Contender: name, Keys: g.Keys, Refused: g.Refused}, duel.Cell{Contender: floor, Keys: g.Keys, Refused: g.Refused}
	if ratio := r.ratio(a, of, duel.Took); ratio.N > 0 {
		fmt.Fprintf(b, "\n%s has %s of the processor time of \"%s\", %s.\n", name, interval(ratio), floor,
			signed(stats.Of(r.Results.Differences(a, of, duel.Took), r.Seed).Median))
	}
}

func (r *Report) middle(c duel.Cell, of duel.Measure) float64 {
	return stats.Of(r.Results.Values(c, of), r.Seed).Median
}

func (r *Report) ratio(c, floor duel.Cell, of duel.Measure) stats.Spread {
	return stats.Of(r.Results.Ratios(c, floor, of), r.Seed)
}
