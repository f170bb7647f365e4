package e2e

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// otherLines are those that a gate rarely needs.
var otherLines = []contractLine{
	{
		at: "keystile / pepper a-new-pepper {env.KEYSTILE_PEPPER}", test: newKeysGetTheNewPepper, in: peppered,
		fails: []failure{leftOut("not under the new pepper"), {"pepper a-new-pepper", "unknown_key"}, {"pepper {env.KEYSTILE_PEPPER} a-new-pepper", "not under the new pepper"}},
	},
	{
		at: `keystile / accept_prefix live "" unchecked`, test: foreignSecretsPass, in: anyWorkspace,
		fails: []failure{leftOut("accept_prefix")},
	},
	{at: "keystile / plan free / max_keys unlimited", test: threeKeysAreNotTooMany, in: anyWorkspace, fails: []failure{leftOut("exit status 1")}},
	{at: "keystile / quota 3/month", test: aLiveKeyHasThreeCalls, fails: []failure{leftOut("answered 200"), {"quota 4/month", "answered 200"}, {"quota test 3/month", "answered 200"}}},
	{at: "keystile / quota test 3/month", test: aTestKeyHasThreeCalls, fails: []failure{leftOut("answered 200"), {"quota 3/month", "answered 200"}}},
	{at: "keystile / cache_size 2", test: fewKeysAreRemembered, fails: []failure{leftOut("the store was asked")}},
	{at: "keystile / require_project", test: everyKeyNeedsAProject, in: anyWorkspace, fails: []failure{leftOut("exit status 0")}},
	{at: "keystile / name optional", test: aKeyNeedsNoName, fails: []failure{leftOut("answered 422")}},
	{at: filesRoute + " / any_of write:projects projects-write", test: oneOfTwoScopesIsNeeded, fails: []failure{leftOut("answered 200"), {"any_of write:projects", "insufficient_scope"}}},
	{at: filesRoute + " / quota 10/month", test: theRouteHasAQuota, fails: []failure{leftOut("want 429 quota_exceeded"), {"quota 15/month", "want 429 quota_exceeded"}}},
	{at: filesRoute + " / environment test", test: theRouteIsForTesting, fails: []failure{leftOut("answered 200"), {"environment live", "environment_not_allowed"}}},
	{at: filesRoute + " / paths loose", test: encodedSlashesPass, fails: []failure{leftOut("ambiguous_path")}},
}

// documented is where the options of a heading of docs/caddyfile.md stand in
// the sample.
var documented = map[string]string{
	"The global option `keystile`":    "keystile",
	"`plan NAME { … }`":               "keystile / plan free",
	"`usage { … }`":                   "keystile / usage",
	"The directive `keystile`":        "api.example.com / keystile",
	"`route METHODS PATTERN … { … }`": filesRoute,
	"The directive `keystile_verify`": verifySite,
	"The directive `keystile_admin`":  "admin.example.com / keystile_admin",
}

func TestEveryOptionOfTheDocumentationIsALineOfTheContract(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../docs/caddyfile.md")
	if err != nil {
		t.Fatal(err)
	}
	all := readSample(t)
	block, known := "", true
	options := 0
	for line := range strings.Lines(string(text)) {
		if heading, found := strings.CutPrefix(line, "## "); found {
			if block, known = documented[strings.TrimSpace(heading)]; !known {
				t.Errorf("%q is no heading that this test knows: say where its options stand", heading)
			}
		}
		syntax, found := strings.CutPrefix(line, "- `")
		if !found || !known {
			continue
		}
		options++
		name := option(strings.ReplaceAll(syntax, "`", " "))
		if !slices.ContainsFunc(all, func(l sampleLine) bool { return l.block == block && option(l.text) == name }) {
			t.Errorf("no line of the sample has the option %s in %s", name, block)
		}
	}
	if options < 30 {
		t.Errorf("%d options are documented: where are the others?", options)
	}
}
