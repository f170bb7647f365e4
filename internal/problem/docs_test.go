package problem_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keystile/keystile/internal/problem"
)

var update = flag.Bool("update", false, "write docs/errors.md instead of comparing with it")

const errorsPage = "../../docs/errors.md"

func TestErrorsPageIsCurrent(t *testing.T) {
	t.Parallel()
	want := renderPage(t)
	if *update {
		if err := os.WriteFile(errorsPage, want, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(errorsPage)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("docs/errors.md is stale: run `make docs` (-want +got):\n%s", diff)
	}
}

// doc_url leads to a heading that is the code and nothing else.
func TestEveryCodeHasItsAnchor(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(errorsPage)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range problem.All() {
		if n := bytes.Count(page, []byte("\n## "+string(row.Code)+"\n")); n != 1 {
			t.Errorf("docs/errors.md has %d headings %q", n, row.Code)
		}
	}
}

const pageHead = `# Errors

<!-- Generated from internal/problem by "make docs". Edit the table there. -->

Whatever Keystile refuses, it says why in one shape. ` + "`code`" + ` is stable, and what a program should
switch on; ` + "`type`" + ` is its family; ` + "`message`" + ` is for people and may be worded anew. Members that an
occurrence knows nothing for are left out. ` + "`request_id`" + ` is what to quote to the operator, and
` + "`doc_url`" + ` leads to the code's entry here.

Answers are ` + "`application/json`" + ` with ` + "`Cache-Control: no-store`" + `. With ` + "`Accept: application/problem+json`" + `, or
where the configuration says ` + "`errors problem`" + `, the same is told as RFC 9457 has it: ` + "`type`" + ` is then the
address of the code's entry, ` + "`detail`" + ` the message, ` + "`error_type`" + ` the family, and the other members stay.

A 401, and ` + "`insufficient_scope`" + `, carry ` + "`WWW-Authenticate`" + ` (RFC 6750). A 429 and a 503 carry ` + "`Retry-After`" + ` in whole
seconds, at least 1.

`

func renderPage(t *testing.T) []byte {
	t.Helper()
	var page bytes.Buffer
	page.WriteString(pageHead)
	writeIndex(&page, "In front of your API", problem.Gate)
	writeIndex(&page, "In the management API", problem.Management)
	for _, row := range problem.All() {
		writeEntry(t, &page, row)
	}
	return append(bytes.TrimRight(page.Bytes(), "\n"), '\n')
}

func writeIndex(page *bytes.Buffer, title string, part problem.Part) {
	fmt.Fprintf(page, "**%s**\n\n| status | code | type |\n|---|---|---|\n", title)
	rows := problem.All()
	slices.SortStableFunc(rows, func(a, b problem.Row) int { return a.Status - b.Status })
	for _, row := range rows {
		if row.Parts&part != 0 {
			fmt.Fprintf(page, "| %d | [`%s`](#%s) | `%s` |\n", row.Status, row.Code, row.Code, row.Type)
		}
	}
	page.WriteByte('\n')
}

func writeEntry(t *testing.T, page *bytes.Buffer, row problem.Row) {
	t.Helper()
	p := example(row)
	fmt.Fprintf(page, "## %s\n\n**%s.** %d %s, `%s`, from %s.\n\n> %s\n\n%s\n\n",
		row.Code, row.Title, row.Status, http.StatusText(row.Status), row.Type, givers(row.Parts), row.Message, row.Advice)
	fmt.Fprintf(page, "```http\nHTTP/1.1 %d %s\nContent-Type: application/json\nCache-Control: no-store\n", row.Status, http.StatusText(row.Status))
	if challenge := p.Challenge(); challenge != "" {
		fmt.Fprintf(page, "WWW-Authenticate: %s\n", challenge)
	}
	if p.RetryAfter > 0 {
		fmt.Fprintf(page, "Retry-After: %d\n", p.RetryAfterSeconds())
	}
	page.WriteByte('\n')
	if err := json.Indent(page, p.JSON(), "", "  "); err != nil {
		t.Fatal(err)
	}
	page.WriteString("```\n\n")
}

func givers(parts problem.Part) string {
	var names []string
	if parts&problem.Gate != 0 {
		names = append(names, "the gate")
	}
	if parts&problem.Management != 0 {
		names = append(names, "the management API")
	}
	return strings.Join(names, " and ")
}

// example is an occurrence that knows what this row's occurrences know.
func example(row problem.Row) *problem.Problem {
	p := &problem.Problem{Code: row.Code, RequestID: "3f1c6a0e-9d57-4a43-8a52-0f6f1c2f7f10"}
	switch row.Code {
	case problem.InsufficientScope:
		p.Route = "POST /v1/projects"
		p.RequiredScopes = []string{"read:projects", "write:projects"}
		p.MissingScopes = []string{"write:projects"}
	case problem.RouteNotAllowed:
		p.Method = http.MethodDelete
	case problem.InvalidRequest:
		p.Param = "name"
	case problem.ScopeWidening:
		p.Param = "scopes"
	case problem.ImmutableField:
		p.Param = "environment"
	case problem.QuotaExceeded:
		p.RetryAfter = 36 * time.Hour
	}
	if p.RetryAfter == 0 && (row.Status == http.StatusTooManyRequests || row.Status == http.StatusServiceUnavailable) {
		p.RetryAfter = 2 * time.Second
	}
	return p
}
