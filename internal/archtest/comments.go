package archtest

import (
	"maps"
	"slices"
	"strings"
)

var commentRule = rule{"every package says what it is for", checkComments}

// A package of tests alone may say it in a test file.
func checkComments(t *tree) (found []finding) {
	first := map[string]*file{}
	said := map[string]bool{}
	tested := map[string]bool{}
	for _, f := range t.files {
		if first[f.dir] == nil || first[f.dir].test() && !f.test() {
			first[f.dir] = f
		}
		if f.ast.Doc == nil {
			continue
		}
		if f.test() {
			tested[f.dir] = true
			continue
		}
		said[f.dir] = true
		if want := "Package " + f.ast.Name.Name + " "; f.ast.Name.Name != "main" && !strings.HasPrefix(f.ast.Doc.Text(), want) {
			found = append(found, f.found(f.ast.Doc.Pos(), "the package comment reads oddly: start it with %q", want))
		}
	}
	for _, dir := range slices.Sorted(maps.Keys(first)) {
		f := first[dir]
		if !said[dir] && !(f.test() && tested[dir]) {
			found = append(found, f.found(f.ast.Package, "package %s has no comment: say above a package clause what it is for", f.ast.Name.Name))
		}
	}
	return found
}
