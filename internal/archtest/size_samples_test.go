package archtest

import (
	"fmt"
	"strings"
)

// lines returns a file of exactly n lines.
func lines(name string, n int) string { return "package " + name + strings.Repeat("\n", n) }

// functions returns a file with one function of each length.
func functions(lengths ...int) string {
	var text strings.Builder
	text.WriteString("package low\n")
	for i, n := range lengths {
		fmt.Fprintf(&text, "func f%d() {%s}\n", i, strings.Repeat("\n", n-1))
	}
	return text.String()
}

var sizeSamples = map[string]sample{
	"a file beyond every bound": {
		rule:  always(fileSizeRule),
		files: map[string]string{"a/a.go": lines("a", 100), "a/b.go": lines("a", 100), "a/c.go": lines("a", 401), "a/a_test.go": lines("a", 401)},
		want:  []string{"a/a_test.go:401", "a/c.go:401", "a/c.go:401"}, // too long, and the ninetieth percentile
	},
	"files that are long on the whole": {
		rule:  always(fileSizeRule),
		files: map[string]string{"a/a.go": lines("a", 151), "a/b.go": lines("a", 152), "a/c.go": lines("a", 10)},
		want:  []string{"a/a.go:151"},
	},
	"files at the bounds": {
		rule: always(fileSizeRule),
		files: map[string]string{
			"a/a.go": lines("a", 150), "a/b.go": lines("a", 300), "a/c.go": lines("a", 10), "a/a_test.go": lines("a", 400),
		},
	},

	"a function beyond every bound": {
		rule:  always(functionSizeRule),
		files: map[string]string{"low/a.go": functions(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 61)},
		want:  []string{"low/a.go:57"},
	},
	"functions that are long on the whole": {
		rule:  always(functionSizeRule),
		files: map[string]string{"low/a.go": functions(1, 13, 36)},
		want:  []string{"low/a.go:3", "low/a.go:16"}, // the median, and the ninetieth percentile
	},
	"functions at the bounds": {
		rule:  always(functionSizeRule),
		files: map[string]string{"low/a.go": functions(1, 12, 35), "low/a_test.go": functions(100)},
	},
	"a long table in a function": {
		rule: always(functionSizeRule),
		files: map[string]string{
			"low/short.go": functions(1, 1, 1, 1, 1, 1, 1, 1, 1),
			"low/table.go": "package low\n\nfunc table() []int {\n\treturn []int{\n" + strings.Repeat("\t\t1,\n", 100) + "\t}\n}\n",
		},
	},
	"a long function with a table in a table": {
		rule: always(functionSizeRule),
		files: map[string]string{
			"low/short.go": functions(1, 1, 1, 1, 1, 1, 1, 1, 1),
			"low/table.go": "package low\n\nfunc table() [][]int {\n" + strings.Repeat("\n", 60) +
				"\treturn [][]int{\n\t\t{\n" + strings.Repeat("\t\t\t1,\n", 20) + "\t\t},\n\t}\n}\n",
		},
		want: []string{"low/table.go:3"},
	},
	"a long function with a short table": {
		rule: always(functionSizeRule),
		files: map[string]string{
			"low/short.go": functions(1, 1, 1, 1, 1, 1, 1, 1, 1),
			"low/table.go": "package low\n\nfunc table() []int {\n\treturn []int{\n\t\t1,\n\t}\n" + strings.Repeat("\n", 100) + "}\n",
		},
		want: []string{"low/table.go:3"},
	},
}
