package archtest

import (
	"go/ast"
	"slices"
)

// ban keeps names of a package out of places.
type ban struct {
	from   string   // import path
	names  []string // empty: all of them
	unless func(*file) bool
	advice string
}

// wiring is what connects the parts to the clock, the terminal and each other.
var wiring = []string{"caddymodule", "cmd", "internal/cli"}

var bans = []ban{
	{
		from: "time", names: []string{"Now", "Since", "Until"},
		unless: func(f *file) bool { return !f.production() || under(f.dir, wiring...) },
		advice: "take the time as an argument, or hold an injected now func() time.Time",
	},
	{
		from: "time", names: []string{"Sleep"},
		unless: func(f *file) bool { return !f.production() && f.imports()["synctest"] == "testing/synctest" },
		advice: "wait for what you wait for (a channel, a ticker, a context); in tests, inside a testing/synctest bubble",
	},
	{
		from: "fmt", names: []string{"Print", "Printf", "Println"},
		unless: func(f *file) bool { return !f.production() || under(f.dir, "cmd", "internal/cli") },
		advice: "write to an io.Writer that you were handed, or log",
	},
	{
		from:   "log",
		unless: func(f *file) bool { return !f.production() || under(f.dir, "cmd", "internal/cli") },
		advice: "log through the logger that you were handed, or return an error",
	},
	{
		from: "os", names: []string{"Exit", "Stdin", "Stdout", "Stderr"},
		unless: func(f *file) bool { return !f.production() || under(f.dir, wiring...) },
		advice: "return an error, and take streams as arguments",
	},
	{
		from: "builtin", names: []string{"print", "println"},
		advice: "it is for debugging: take it out",
		unless: func(*file) bool { return false },
	},
}

var callRule = rule{"clock, terminal and exit belong to wiring", checkCalls}

func checkCalls(t *tree) (found []finding) {
	for _, f := range t.files {
		for _, b := range bans {
			if !b.unless(f) {
				found = append(found, f.uses(b)...)
			}
		}
		for _, spec := range f.ast.Imports {
			if spec.Name != nil && spec.Name.Name == "." {
				found = append(found, f.found(spec.Pos(), "a dot import hides whose names are used: import %s by its name", importPath(spec)))
			}
		}
	}
	return found
}

func (b ban) holds(name string) bool { return len(b.names) == 0 || slices.Contains(b.names, name) }

// uses finds a ban's names, called or passed on.
func (f *file) uses(b ban) (found []finding) {
	imports := f.imports()
	ast.Inspect(f.ast, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			if x, ok := n.X.(*ast.Ident); ok && imports[x.Name] == b.from && b.holds(n.Sel.Name) {
				found = append(found, f.found(n.Pos(), "%s.%s is not for here: %s", b.from, n.Sel.Name, b.advice))
			}
		case *ast.CallExpr:
			if name, ok := n.Fun.(*ast.Ident); ok && b.from == "builtin" && b.holds(name.Name) {
				found = append(found, f.found(n.Pos(), "%s is not for here: %s", name.Name, b.advice))
			}
		}
		return true
	})
	return found
}
