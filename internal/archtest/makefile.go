package archtest

import "strings"

var makeRule = rule{"make test reaches every package", checkMake}

func checkMake(t *tree) (found []finding) {
	said := map[string]bool{}
	for word := range strings.FieldsSeq(t.texts["Makefile"]) {
		said[word] = true
	}
	for _, f := range t.files {
		top, _, below := strings.Cut(f.path, "/")
		pattern := "./" + top + "/..."
		if !below {
			pattern = "."
		}
		if !said[pattern] {
			said[pattern] = true // once is enough
			found = append(found, f.found(f.ast.Package, "make test doesn't reach this package: add %s to UNIT in the Makefile", pattern))
		}
	}
	return found
}
