package cli

import "strings"

// column is one of a table.
type column struct {
	head string
	// cut: its cells may be cut short where the terminal is narrow.
	cut bool
	// extra columns are left out where there is no room for them, the one with
	// the highest number first. 0: it always stays.
	extra int
}

const (
	gap = 2 // columns of a terminal between two of the table
	// comfortable is as wide as a column that can be cut must be, before
	// another one is left out for it.
	comfortable = 20
	narrowest   = 4 // of a column that is cut
)

// table writes rows in columns that line up, and fits them into the page. Each
// row has as many cells as there are columns.
func (p *page) table(columns []column, rows [][]string) {
	g := newGrid(columns, rows)
	if p.width > 0 {
		g.leaveOut(p.width)
		g.cutDown(p.width)
	}
	g.write(p)
	g.tellLeftOut(p)
}

// grid is a table that is being laid out.
type grid struct {
	columns []column
	rows    [][]string // the heads first
	widths  []int
	out     []bool // columns that are left out
}

func newGrid(columns []column, rows [][]string) *grid {
	g := &grid{columns: columns, widths: make([]int, len(columns)), out: make([]bool, len(columns))}
	heads := make([]string, len(columns))
	for i, c := range columns {
		heads[i] = c.head
	}
	for _, row := range append([][]string{heads}, rows...) {
		cells := make([]string, len(row))
		for i, cell := range row {
			cells[i] = plain(cell)
			g.widths[i] = max(g.widths[i], textWidth(cells[i]))
		}
		g.rows = append(g.rows, cells)
	}
	return g
}

// room is how wide the table is, given how wide each of its columns is.
func (g *grid) room(width func(i int) int) int {
	sum := -gap
	for i := range g.columns {
		if !g.out[i] {
			sum += width(i) + gap
		}
	}
	return sum
}

// leaveOut leaves columns out until the others have comfortable room.
func (g *grid) leaveOut(most int) {
	atEase := func(i int) int {
		if g.columns[i].cut {
			return min(g.widths[i], comfortable)
		}
		return g.widths[i]
	}
	for g.room(atEase) > most {
		last := 0
		for i, c := range g.columns {
			if !g.out[i] && c.extra > g.columns[last].extra {
				last = i
			}
		}
		if g.columns[last].extra == 0 || g.out[last] {
			return
		}
		g.out[last] = true
	}
}

// tellLeftOut names the columns that aren't shown.
func (g *grid) tellLeftOut(p *page) {
	var heads []string
	for i, c := range g.columns {
		if g.out[i] {
			heads = append(heads, c.head)
		}
	}
	if len(heads) > 0 {
		p.line("\nNot shown: %s.\nA wider terminal or --json shows them.", strings.Join(heads, ", "))
	}
}

// cutDown takes from the widest columns what the table is too wide.
func (g *grid) cutDown(most int) {
	asIs := func(i int) int { return g.widths[i] }
	for over := g.room(asIs) - most; over > 0; over-- {
		widest := -1
		for i, c := range g.columns {
			if c.cut && !g.out[i] && g.widths[i] > narrowest && (widest < 0 || g.widths[i] > g.widths[widest]) {
				widest = i
			}
		}
		if widest < 0 {
			return // the rest is never cut
		}
		g.widths[widest]--
	}
}

func (g *grid) write(p *page) {
	for _, row := range g.rows {
		var line strings.Builder
		pad := 0
		for i, cell := range row {
			if g.out[i] {
				continue
			}
			cell = cutText(cell, g.widths[i])
			line.WriteString(strings.Repeat(" ", pad) + cell)
			pad = g.widths[i] - textWidth(cell) + gap
		}
		p.line("%s", strings.TrimRight(line.String(), " "))
	}
}

// pairs writes names and what they stand for, in full. Those that stand for
// nothing are left out.
func (p *page) pairs(rows [][2]string) {
	width := 0
	for _, row := range rows {
		if row[1] != "" {
			width = max(width, len(row[0]))
		}
	}
	for _, row := range rows {
		if row[1] != "" {
			p.line("%-*s  %s", width, row[0], plain(row[1]))
		}
	}
}
