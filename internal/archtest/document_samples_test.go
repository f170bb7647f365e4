package archtest

import "testing/fstest"

var documentSamples = map[string]sample{
	"packages without a comment, or with another's": {
		rule: always(commentRule),
		files: map[string]string{
			"a/a.go": "package a\n", "a/a_test.go": "// Package a is said in the wrong place.\npackage a\n",
			"b/b.go": "// Package a was copied.\npackage b\n",
			"c/c.go": "// Package c is said once.\npackage c\n", "c/other.go": "package c\n",
			"d/d_test.go": "// Package d has tests only.\npackage d\n",
			"e/e_test.go": "package e\n",
			"f/main.go":   "// Keystile does things.\npackage main\n",
		},
		want: []string{"b/b.go:1", "a/a.go:1", "e/e_test.go:1"},
	},

	"a go.mod that asks for too much": {
		rule:  always(goModRule),
		files: map[string]string{"go.mod": "module m\n\ngo 1.26.1\n\ntoolchain go1.27.0\n\nreplace a => b\n"},
		want:  []string{"go.mod:3", "go.mod:5", "go.mod:7"},
	},
	"a go.mod of the next Go": {
		rule:  always(goModRule),
		files: map[string]string{"go.mod": "module m\n\ngo 1.27\n"},
		want:  []string{"go.mod:3"},
	},
	"a go.mod of a candidate":    {rule: always(goModRule), files: map[string]string{"go.mod": "module m\n\ngo 1.26rc1\n"}, want: []string{"go.mod:3"}},
	"a go.mod that says nothing": {rule: always(goModRule), files: map[string]string{"go.mod": "module m\n"}, want: []string{"go.mod:1"}},
	"a modest go.mod":            {rule: always(goModRule), files: map[string]string{"go.mod": "module m\n\ngo 1.25.9\n"}},

	"packages that make test doesn't reach": {
		rule: always(makeRule),
		files: map[string]string{
			"Makefile": "UNIT := ./a/... ./b/...\n", "a/a.go": "package a\n", "b/c/c.go": "package c\n",
			"root.go": "package m\n", "d/d.go": "package d\n", "d/e/e_test.go": "package e\n",
		},
		want: []string{"d/d.go:1", "root.go:1"},
	},

	"decisions that the index doesn't know": {
		rule: always(adrRule),
		files: map[string]string{
			"docs/adr/README.md":     "- [One](0001-one.md)\n- [Three](0001-three.md)\n- [Odd](odd.md)\n",
			"docs/adr/0001-one.md":   "# One\n",
			"docs/adr/0001-three.md": "# Three\n",
			"docs/adr/0002-two.md":   "# Two\n",
			"docs/adr/odd.md":        "# Odd\n",
		},
		want: []string{"docs/adr/0001-three.md:1", "docs/adr/0002-two.md:1", "docs/adr/odd.md:1"},
	},

	"dependencies without a reason": {
		rule: always(dependencyRule),
		files: map[string]string{
			"go.mod":               "module m\n\nrequire example.com/one v1.0.0\n\nrequire (\n\texample.com/known v1.0.0\n\texample.com/two v1.0.0\n\texample.com/below v1.0.0 // indirect\n)\n",
			"docs/dependencies.md": "`example.com/known` is for knowing.\n",
		},
		want: []string{"go.mod:3", "go.mod:7"},
	},

	"links that lead nowhere": {
		rule: func(fsys fstest.MapFS) rule { return linkRule(fsys) },
		files: map[string]string{
			"README.md":      "# Over `here`, twice!\n[a](docs/page.md) [b](docs/page.md#part-1) [c](https://example.com/x#y)\n[d](#over-here-twice) [e](docs/none.md)\n[f](#there)\n[g](docs/page.md#part-2)\n[h](docs/page.md#code)\n",
			"docs/page.md":   "[up](../README.md) [down](data.json)\n\n[gone](README.md)\n## Part\n## Part\n```\n# code\n```\n",
			"docs/data.json": "{}\n",
		},
		want: []string{"README.md:3", "README.md:4", "README.md:5", "README.md:6", "docs/page.md:3"},
	},
}
