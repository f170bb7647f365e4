package archtest

var (
	sampleArrows  = always(arrowRule(map[string][]string{"low": {}, "high": {"low"}}))
	sampleParties = always(thirdPartyRule(map[string][]string{
		"example.com/driver": {"leaf"}, "example.com/driver/helper": {"leaf", "high"}, "example.com/check": nil, "testing": nil,
	}))
)

var importSamples = map[string]sample{
	"an arrow that points up": {
		rule:  sampleArrows,
		files: map[string]string{"low/a.go": "package low\n\nimport (\n\t\"fmt\"\n\t_ \"m/high\"\n)\n", "high/a.go": "package high\n\nimport _ \"m/low\"\n"},
		want:  []string{"low/a.go:5"},
	},
	"a package that nobody listed": {
		rule:  sampleArrows,
		files: map[string]string{"new/a.go": "package new\n\nimport _ \"m/low\"\n"},
		want:  []string{"new/a.go:3"},
	},
	"an import of the root": {
		rule:  sampleArrows,
		files: map[string]string{"low/a.go": "package low\n\nimport _ \"m\"\n"},
		want:  []string{"low/a.go:3"},
	},
	"arrows of tests": {
		rule: sampleArrows,
		files: map[string]string{
			"low/a_test.go": "package low\n\nimport _ \"m/high\"\n", "lowtest/a.go": "package lowtest\n\nimport _ \"m/high\"\n",
			"e2e/a.go": "package e2e\n\nimport _ \"m/high\"\n", "low/testdata/a.go": "package low\n\nimport _ \"m/high\"\n",
			"bench/go.mod": "module b\n", "bench/a.go": "package b\n\nimport _ \"m/high\"\n", ".cache/a.go": "not Go",
		},
	},

	"a driver outside its leaf": {
		rule:  sampleParties,
		files: map[string]string{"high/a.go": "package high\n\nimport _ \"example.com/driver\"\n", "leaf/a.go": "package leaf\n\nimport _ \"example.com/driver/v2\"\n"},
		want:  []string{"high/a.go:3"},
	},
	"the longer entry decides": {
		rule:  sampleParties,
		files: map[string]string{"high/a.go": "package high\n\nimport _ \"example.com/driver/helper\"\n"},
	},
	"a dependency that nobody listed": {
		rule:  sampleParties,
		files: map[string]string{"leaf/a_test.go": "package leaf\n\nimport _ \"example.com/new\"\n", "leaf/a.go": "package leaf\n\nimport _ \"net/http\"\n"},
		want:  []string{"leaf/a_test.go:3"},
	},
	"a tool of tests in production": {
		rule: sampleParties,
		files: map[string]string{
			"leaf/a.go": "package leaf\n\nimport _ \"example.com/check\"\n", "leaf/b.go": "package leaf\n\nimport _ \"testing/fstest\"\n",
			"leaf/a_test.go": "package leaf\n\nimport _ \"example.com/check\"\n", "leaftest/a.go": "package leaftest\n\nimport _ \"testing\"\n",
		},
		want: []string{"leaf/a.go:3", "leaf/b.go:3"},
	},

	"a package for tests in production": {
		rule: always(supportRule),
		files: map[string]string{
			"low/a.go": "package low\n\nimport _ \"m/high/hightest\"\n", "low/a_test.go": "package low\n\nimport _ \"m/high/hightest\"\n",
			"lowtest/a.go": "package lowtest\n\nimport _ \"m/high/hightest\"\n",
		},
		want: []string{"low/a.go:3"},
	},
}
