package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// test is a test function whose name, or whose subtests' names, bear IDs.
type test struct {
	dir  string // of its package, from the root
	name string
	ids  []string
}

// named is what a declaration of a package says and uses.
type named struct {
	ids  []string
	uses []string // names of declarations
}

// testsIn finds the test functions that bear IDs: in their own names, or at the
// start of a text in what they use of their package. What the go command
// doesn't see is left out: testdata, hidden folders, modules of their own.
func testsIn(fsys fs.FS, known ids) (found []test, err error) {
	packages := map[string]map[string]named{}
	err = fs.WalkDir(fsys, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && skipped(fsys, name):
			return fs.SkipDir
		case strings.HasSuffix(name, "_test.go"):
			return declare(fsys, name, packages, known)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the tests: %w", err)
	}
	for _, dir := range slices.Sorted(maps.Keys(packages)) {
		for _, name := range slices.Sorted(maps.Keys(packages[dir])) {
			if !strings.HasPrefix(name, "Test") {
				continue
			}
			if ids := reached(packages[dir], name); len(ids) > 0 {
				found = append(found, test{dir: dir, name: name, ids: ids})
			}
		}
	}
	return found, nil
}

func skipped(fsys fs.FS, dir string) bool {
	if dir == "." {
		return false
	}
	base := path.Base(dir)
	_, err := fs.Stat(fsys, path.Join(dir, "go.mod"))
	return err == nil || base == "testdata" || base[0] == '.' || base[0] == '_'
}

// declare adds the declarations of a file to those of its package.
func declare(fsys fs.FS, name string, packages map[string]map[string]named, known ids) error {
	text, err := fs.ReadFile(fsys, name)
	if err != nil {
		return err
	}
	file, err := parser.ParseFile(token.NewFileSet(), name, text, parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	dir := path.Dir(name)
	if packages[dir] == nil {
		packages[dir] = map[string]named{}
	}
	for _, one := range file.Decls {
		switch one := one.(type) {
		case *ast.FuncDecl: // methods of one name are taken together
			said := packages[dir][one.Name.Name].with(one, known)
			said.ids = append(said.ids, known.in(one.Name.Name)...)
			packages[dir][one.Name.Name] = said
		case *ast.GenDecl:
			declareValues(one, packages[dir], known)
		}
	}
	return nil
}

func declareValues(one *ast.GenDecl, in map[string]named, known ids) {
	for _, spec := range one.Specs {
		if values, ok := spec.(*ast.ValueSpec); ok {
			for _, name := range values.Names {
				in[name.Name] = named{}.with(values, known)
			}
		}
	}
}

// message are the functions whose text is no name of a test.
var message = regexp.MustCompile(`^((Error|Fatal|Log|Skip)f?|want[A-Z]?\w*)$`)

// with adds what stands in a node.
func (n named) with(node ast.Node, known ids) named {
	ast.Inspect(node, func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.CallExpr:
			if message.MatchString(called(node)) {
				n.uses = append(n.uses, usedIn(node)...)
				return false
			}
		case *ast.Ident:
			n.uses = append(n.uses, node.Name)
		case *ast.BasicLit:
			if text, err := strconv.Unquote(node.Value); err == nil && node.Kind == token.STRING {
				n.ids = append(n.ids, known.leading(text)...)
			}
		}
		return true
	})
	return n
}

// called is the name of the function or method that is called.
func called(call *ast.CallExpr) string {
	switch function := call.Fun.(type) {
	case *ast.Ident:
		return function.Name
	case *ast.SelectorExpr:
		return function.Sel.Name
	}
	return ""
}

func usedIn(node ast.Node) (names []string) {
	ast.Inspect(node, func(node ast.Node) bool {
		if name, ok := node.(*ast.Ident); ok {
			names = append(names, name.Name)
		}
		return true
	})
	return names
}

// reached are the IDs in a declaration and in all that it uses.
func reached(in map[string]named, name string) []string {
	found, seen, ahead := map[string]bool{}, map[string]bool{name: true}, []string{name}
	for len(ahead) > 0 {
		said := in[ahead[0]]
		ahead = ahead[1:]
		for _, id := range said.ids {
			found[id] = true
		}
		for _, use := range said.uses {
			if _, ours := in[use]; ours && !seen[use] && !strings.HasPrefix(use, "Test") {
				seen[use] = true
				ahead = append(ahead, use)
			}
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// pattern is the regular expression of these tests for the go command.
func pattern(tests []test) string {
	var names []string
	for _, one := range tests {
		names = append(names, one.name)
	}
	return "^(" + strings.Join(names, "|") + ")$"
}

// packages are those that these tests are in, as the go command takes them.
func packages(tests []test) (dirs []string) {
	for _, one := range tests {
		dirs = append(dirs, "./"+one.dir)
	}
	return slices.Compact(dirs)
}
