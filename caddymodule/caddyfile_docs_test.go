package caddymodule

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const docsFile = "../docs/caddyfile.md"

const docsHead = `# Caddyfile

Every option, from the tables that the Caddyfile is read by: WORD stands for an argument, [WORD] for one that may be
left out, … for any number more, A|B for one of them, { … } for a block. An option stands once in its block unless its
line says otherwise; an unknown one is an error with file and line. ENV is live or test. Durations are written 500ms,
10s, 5m, 24h, 400d; rates N/s, N/m, N/h or N/d. [Caddyfile.example](../Caddyfile.example) shows them at work; the
blocks here have each option once, for its form, and not to be copied as they are.

A bare ` + "`keystile`" + ` needs no global option: it keeps keys in SQLite in Caddy's data directory, and lets any valid key
call anything. The directive stands behind all rewrites and before ` + "`basic_auth`" + ` and whatever answers;
` + "`keystile_verify`" + ` and ` + "`keystile_admin`" + ` answer everything themselves, and stand before ` + "`reverse_proxy`" + `.
`

func TestDocumentationListsTheOptionsThatAreRead(t *testing.T) {
	t.Parallel()
	got := optionsDocument()
	if *update {
		if err := os.WriteFile(docsFile, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(docsFile)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("docs/caddyfile.md is not what the tables say; run the tests with -update: -want +got:\n%s", diff)
	}
}

func optionsDocument() string {
	var b strings.Builder
	b.WriteString(docsHead)
	for _, table := range tables {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n", table.heading, table.where)
		if len(table.rows) == 0 {
			b.WriteString("It has no options.\n")
		}
		fmt.Fprintf(&b, "\n```caddyfile\n%s```\n", docExamples[table.heading])
		b.WriteString("\n")
		for _, row := range table.rows {
			fmt.Fprintf(&b, "- `%s`: %s", row.syntax, row.help)
			if row.repeats {
				b.WriteString(" May stand more than once.")
			}
			b.WriteString("\n")
		}
	}
	return strings.TrimRight(b.String(), "\n") + "\n"
}
