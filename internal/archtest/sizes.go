package archtest

import (
	"fmt"
	"go/ast"
	"slices"
)

// The gauges, in lines, of production code.
const (
	fileMedian, fileP90, fileMax             = 150, 300, 400
	functionMedian, functionP90, functionMax = 12, 35, 60
)

// measured is something with a length and a place.
type measured struct {
	what  string
	lines int
	at    finding // without its text
}

var fileSizeRule = rule{"files stay short", checkFileSizes}

func checkFileSizes(t *tree) (found []finding) {
	var production []measured
	for _, f := range t.files {
		at := finding{path: f.path, line: f.lines}
		if f.lines > fileMax {
			at.text = "the file has outgrown one idea (more than 400 lines): give the second idea a file of its own"
			found = append(found, at)
		}
		if f.production() {
			production = append(production, measured{"file", f.lines, at})
		}
	}
	return append(found, gauge(production, fileMedian, fileP90)...)
}

var functionSizeRule = rule{"functions stay short", checkFunctionSizes}

func checkFunctionSizes(t *tree) (found []finding) {
	var production []measured
	for _, f := range t.files {
		if !f.production() {
			continue
		}
		for _, decl := range f.ast.Decls {
			fn, ok := decl.(*ast.FuncDecl)
			if !ok || fn.Body == nil {
				continue
			}
			lines := f.line(fn.End()) - f.line(fn.Pos()) + 1
			production = append(production, measured{"function", lines, f.found(fn.Pos(), "")})
			if lines-f.tableLines(fn) > functionMax {
				found = append(found, f.found(fn.Pos(), "%s has %d lines, at most %d: name its steps, and give each a function", fn.Name.Name, lines, functionMax))
			}
		}
	}
	return append(found, gauge(production, functionMedian, functionP90)...)
}

// tableLines counts the lines of a function that are rows of a table: the
// insides of composite literals.
func (f *file) tableLines(fn *ast.FuncDecl) (lines int) {
	ast.Inspect(fn, func(n ast.Node) bool {
		table, ok := n.(*ast.CompositeLit)
		if ok {
			lines += max(0, f.line(table.Rbrace)-f.line(table.Lbrace)-1)
		}
		return !ok // the tables within it are counted
	})
	return lines
}

// gauge holds the median and the ninetieth percentile to their bounds.
func gauge(all []measured, median, p90 int) (found []finding) {
	if len(all) == 0 {
		return nil
	}
	slices.SortFunc(all, func(a, b measured) int { return a.lines - b.lines })
	for _, g := range []struct {
		name        string
		rank, limit int
	}{
		{"the median", 50, median},
		{"the ninetieth percentile", 90, p90},
	} {
		// Nearest rank: the smallest length that g.rank percent don't exceed.
		at := all[(len(all)*g.rank+99)/100-1]
		if at.lines > g.limit {
			at.at.text = fmt.Sprintf("%s of production code's %ss is %d lines here, at most %d: shorten this one and longer ones", g.name, at.what, at.lines, g.limit)
			found = append(found, at.at)
		}
	}
	return found
}
