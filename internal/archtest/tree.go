package archtest

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
)

// tree is the source of one module: its Go files, and the texts beside them.
type tree struct {
	module string // import path of the root
	files  []*file
	texts  map[string]string // go.mod, Makefile, and every Markdown file, by path
}

// file is one parsed Go file. Its path is slash-separated, from the root.
type file struct {
	path  string
	dir   string
	lines int
	fset  *token.FileSet
	ast   *ast.File
}

// rule is one demand of the style. It reports every place that breaks it.
type rule struct {
	name  string
	check func(*tree) []finding
}

// finding is a place, what is wrong with it, and what to do.
type finding struct {
	path string
	line int
	text string
}

func (f finding) String() string { return fmt.Sprintf("%s:%d: %s", f.path, f.line, f.text) }

// load reads a module. It leaves out what the go command doesn't see either:
// hidden folders, testdata, and modules of their own.
func load(fsys fs.FS) (*tree, error) {
	t := &tree{texts: map[string]string{}}
	err := fs.WalkDir(fsys, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir():
			return skip(fsys, name)
		case strings.HasSuffix(name, ".go"):
			return t.parse(fsys, name)
		case strings.HasSuffix(name, ".md") || name == "go.mod" || name == "Makefile":
			text, err := fs.ReadFile(fsys, name)
			t.texts[name] = string(text)
			return err
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the source: %w", err)
	}
	for line := range strings.Lines(t.texts["go.mod"]) {
		if module, ok := strings.CutPrefix(line, "module "); ok {
			t.module = strings.TrimSpace(module)
		}
	}
	return t, nil
}

func skip(fsys fs.FS, dir string) error {
	if dir == "." {
		return nil
	}
	base := path.Base(dir)
	if base == "testdata" || base[0] == '.' || base[0] == '_' {
		return fs.SkipDir
	}
	if _, err := fs.Stat(fsys, dir+"/go.mod"); err == nil {
		return fs.SkipDir
	}
	return nil
}

func (t *tree) parse(fsys fs.FS, name string) error {
	source, err := fs.ReadFile(fsys, name)
	if err != nil {
		return err
	}
	fset := token.NewFileSet()
	parsed, err := parser.ParseFile(fset, name, source, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	t.files = append(t.files, &file{
		path: name, dir: path.Dir(name), lines: bytes.Count(source, []byte("\n")), fset: fset, ast: parsed,
	})
	return nil
}

// production reports whether a file ends up in a binary that users run.
func (f *file) production() bool { return !f.test() && !f.support() }

func (f *file) test() bool { return strings.HasSuffix(f.path, "_test.go") }

// support reports whether a file belongs to a package that only tests use.
func (f *file) support() bool { return supportPackage(f.dir) }

func supportPackage(dir string) bool { return strings.HasSuffix(dir, "test") || under(dir, "e2e") }

// under reports whether dir is one of parents, or below it.
func under(dir string, parents ...string) bool {
	return slices.ContainsFunc(parents, func(parent string) bool {
		return dir == parent || strings.HasPrefix(dir, parent+"/")
	})
}

func (f *file) line(pos token.Pos) int { return f.fset.Position(pos).Line }

func (f *file) found(pos token.Pos, format string, args ...any) finding {
	return finding{path: f.path, line: f.line(pos), text: fmt.Sprintf(format, args...)}
}

// imports gives the import paths of a file by the name that it uses for them.
func (f *file) imports() map[string]string {
	names := make(map[string]string, len(f.ast.Imports))
	for _, spec := range f.ast.Imports {
		from := importPath(spec)
		name := path.Base(from)
		if spec.Name != nil {
			name = spec.Name.Name
		}
		names[name] = from
	}
	return names
}

func importPath(spec *ast.ImportSpec) string {
	from, err := strconv.Unquote(spec.Path.Value)
	if err != nil { // the parser has read it as a string
		return spec.Path.Value
	}
	return from
}
