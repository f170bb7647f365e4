package e2e

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// tabled is a test in the second column of a table.
var tabled = regexp.MustCompile("(?m)^\\| .* \\| `(Test\\w+)` \\|$")

func TestEveryStatementOfAnExampleHasATestAndEveryTestAStatement(t *testing.T) {
	t.Parallel()
	readmes, err := filepath.Glob("../examples/*/README.md")
	if err != nil || len(readmes) < 4 {
		t.Fatalf("%d examples: %v", len(readmes), err)
	}
	for _, readme := range readmes {
		name := filepath.Base(filepath.Dir(readme))
		text, err := os.ReadFile(readme)
		if err != nil {
			t.Fatal(err)
		}
		var named []string
		for _, match := range tabled.FindAllStringSubmatch(string(text), -1) {
			named = append(named, match[1])
		}
		written := testsIn(t, "example_"+name+"_test.go")
		slices.Sort(named)
		slices.Sort(written)
		if !slices.Equal(named, written) {
			t.Errorf("%s names the tests\n\t%v\nand there are\n\t%v", readme, named, written)
		}
	}
}

// testsIn returns the names of the test functions of a file.
func testsIn(t *testing.T, file string) (names []string) {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range parsed.Decls {
		if function, ok := one.(*ast.FuncDecl); ok && strings.HasPrefix(function.Name.Name, "Test") {
			names = append(names, function.Name.Name)
		}
	}
	return names
}
