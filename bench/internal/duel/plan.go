package duel

import (
	"math/rand/v2"
	"regexp"

	"github.com/keystile/keystile/bench/internal/contender"
)

// Usual is the number of keys at which everybody is measured, and refusals.
const Usual = 10_000

// Group is cells that are compared to each other: the same keys, the same
// answer. They are measured one after another, so that what else the machine
// does meets them all.
type Group struct {
	Keys    int
	Refused bool
	Floor   Cell // what the others are ratios of
	Control Cell // the floor once more
	Cells   []Cell
}

// Plan lists the groups for some numbers of keys. Who isn't asked for is left
// out, save the floors of those who are.
func Plan(keys []int, only *regexp.Regexp) (groups []Group) {
	for _, n := range keys {
		for _, refused := range []bool{false, true} {
			if refused && n != Usual {
				continue
			}
			if g, asked := group(n, refused, only); asked {
				groups = append(groups, g)
			}
		}
	}
	return groups
}

func group(n int, refused bool, only *regexp.Regexp) (g Group, asked bool) {
	g = Group{Keys: n, Refused: refused, Floor: Cell{contender.Bare, n, refused}, Control: Cell{contender.Control, n, refused}}
	if refused {
		g.Floor.Contender, g.Control.Contender = contender.Static, contender.StaticControl
	}
	for _, c := range contender.All() {
		cell := Cell{c.Name, n, refused}
		wanted := only.MatchString(c.Name)
		if c.Takes(n, refused) && (wanted || cell == g.Floor || cell == g.Control) {
			g.Cells, asked = append(g.Cells, cell), asked || wanted
		}
	}
	return g, asked
}

// Turns are what is to be measured in a round, in an order of its own: each
// group in one piece.
func Turns(groups []Group, round int, random *rand.Rand) (turns []Cell) {
	for _, i := range random.Perm(len(groups)) {
		cells := groups[i].Cells
		for _, j := range random.Perm(len(cells)) {
			if round%cells[j].every() == 0 {
				turns = append(turns, cells[j])
			}
		}
	}
	return turns
}

// every is in which rounds a cell has a turn. The more rounds, the less chance
// is in a figure: those that this is about have the most, and those the fewest
// that take minutes until all keys are met.
func (c Cell) every() int {
	every := 1
	switch {
	case c.Keys > Usual:
		every = 3
	case c.Keys < Usual:
		every = 2
	}
	if !contender.Find(c.Contender).Core {
		every *= 2
	}
	return every
}
