package caddymodule

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// optionDoc is a row of any table without its reader.
type optionDoc struct {
	syntax, help, name string
	repeats            bool
}

// tables are all tables, under the heading that the documentation gives them.
var tables = []struct {
	heading, where string
	rows           []optionDoc
}{
	{"The global option `keystile`", "In the global options block; once.", docs(appOptions)},
	{"`plan NAME { … }`", "In the global option `keystile`.", docs(planOptions)},
	{"`usage { … }`", "In the global option `keystile`.", docs(usageOptions)},
	{"The directive `keystile`", "In a site or a block of routes; takes a matcher.", docs(gateOptions)},
	{"`route METHODS PATTERN … { … }`", "In the directive `keystile`.", docs(routeOptions)},
	{"The directive `keystile_verify`", "In a site that your proxies alone can reach; takes a matcher. It takes what `keystile` takes (`forward_credential` changes nothing there), and:", docs(ownVerifyOptions)},
	{"The directive `keystile_admin`", "In a site of its own; takes a matcher.", docs(adminOptions)},
}

func docs[T any](o options[T]) []optionDoc {
	out := make([]optionDoc, len(o))
	for i, row := range o {
		out[i] = optionDoc{syntax: row.syntax(), help: row.help, name: row.name, repeats: row.repeats}
	}
	return out
}

func TestEveryOptionIsDocumented(t *testing.T) {
	t.Parallel()
	for _, table := range tables {
		for _, row := range table.rows {
			if row.name == "" || !strings.HasSuffix(row.help, ".") || strings.Count(row.help, ". ") > 0 {
				t.Errorf("%s: %q is not one sentence", row.name, row.help)
			}
		}
	}
}

// TestEveryOptionHasACaseThatPassesAndOneThatIsRefused keeps an option from
// coming into a table without showing what it takes and what it doesn't.
func TestEveryOptionHasACaseThatPassesAndOneThatIsRefused(t *testing.T) {
	t.Parallel()
	passing, refusing := caseLines(t)
	for _, table := range tables {
		for _, row := range table.rows {
			line := regexp.MustCompile(`(?m)^\t+` + regexp.QuoteMeta(row.name) + `( |$)`)
			marked := regexp.MustCompile(`(?m)^\t+` + regexp.QuoteMeta(row.name) + ` .*` + refused)
			if !line.MatchString(passing) {
				t.Errorf("%s: no case has %s", table.heading, row.name)
			}
			if !marked.MatchString(refusing) {
				t.Errorf("%s: no case refuses %s", table.heading, row.name)
			}
		}
	}
}

func caseLines(t *testing.T) (passing, refusing string) {
	t.Helper()
	files, err := filepath.Glob("testdata/*.caddyfiletest")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, _ := readCase(t, file)
		if strings.HasSuffix(file, "_error.caddyfiletest") {
			refusing += text
		} else {
			passing += text
		}
	}
	return passing, refusing
}

func TestUsageLineSaysHowManyArgumentsAnOptionTakes(t *testing.T) {
	t.Parallel()
	for usage, want := range map[string]string{ // want: what 0, 1, 2, 3, 4, 5 arguments get
		"":                        "yes no no no no no",
		"{ … }":                   "yes no no no no no",
		"NAME":                    "no yes no no no no",
		"NAME { … }":              "no yes no no no no",
		"deny|allow":              "no yes no no no no",
		"NEW [OLD…]":              "no yes yes yes yes yes",
		`NAME ["DESCRIPTION"]`:    "no yes yes no no no",
		"ENV N/UNIT [burst B]":    "no no yes yes yes no",
		"A B [C… | public] { … }": "no no yes yes yes yes",
		"[PATH]":                  "yes yes no no no no",
	} {
		var got []string
		for n := range 6 {
			answer := "no"
			if takes(usage, n) {
				answer = "yes"
			}
			got = append(got, answer)
		}
		if got := strings.Join(got, " "); got != want {
			t.Errorf("%q: got %s, want %s", usage, got, want)
		}
	}
}
