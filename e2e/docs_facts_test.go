package e2e

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/keystile/keystile/internal/problem"
)

// The example of each outcome has the status, the headers and the members that a
// gate really answers with (testdata/outcomes, which other tests compare with it).
func TestPagesShowOutcomesAsTheyAreAnswered(t *testing.T) {
	t.Parallel()
	blocks, _ := blocksOf("docs/errors.md", readPage(t, "docs/errors.md"))
	shown := map[string]string{}
	for _, b := range blocks {
		shown[b.heading] = b.text
	}
	compared := 0
	for _, row := range problem.All() {
		example := shown[string(row.Code)]
		answered, err := os.ReadFile(filepath.Join("testdata", "outcomes", string(row.Code)+".json"))
		if err != nil || example == "" {
			if row.Parts&problem.Gate != 0 && row.Code != problem.LimiterUnavailable || example == "" {
				t.Errorf("%s: no example, or nothing to compare it with: %v", row.Code, err)
			}
			continue
		}
		compared++
		head, body, _ := strings.Cut(example, "\n\n")
		for line := range strings.Lines(head + "\n") {
			if name, _, _ := strings.Cut(line, ":"); !regexp.MustCompile(`(?mi)^` + regexp.QuoteMeta(strings.TrimSpace(name)) + `(: |$)`).Match(answered) {
				t.Errorf("%s: no such line is answered: %s", row.Code, line)
			}
		}
		_, really, _ := strings.Cut(string(answered), "\n\n")
		if got, want := errorMembers(body), errorMembers(really); !slices.Equal(got, want) {
			t.Errorf("%s: the page shows the members %q, and %q are answered", row.Code, got, want)
		}
	}
	if compared < 18 {
		t.Errorf("only %d outcomes were compared", compared)
	}
}

func errorMembers(body string) []string {
	var told struct{ Error json.RawMessage }
	if json.Unmarshal([]byte(body), &told) != nil {
		return nil
	}
	return membersOf(told.Error)
}

// ofSQLite is what the database itself says.
const ofSQLite = "database or disk is full"

// What the runbook says that people see is what is logged, told and rung.
func TestTheRunbookQuotesWhatThereIsToSee(t *testing.T) {
	t.Parallel()
	rules := readPage(t, "deploy/prometheus/keystile.rules.yml")
	quoted := 0
	for paragraph := range strings.SplitSeq(readPage(t, "docs/runbook.md"), "\n\n") {
		for _, alert := range regexp.MustCompile(`\bKeystile[A-Z]\w+`).FindAllString(paragraph, -1) {
			if !strings.Contains(rules, "alert: "+alert+"\n") {
				t.Errorf("there is no alert %s", alert)
			}
		}
		for _, span := range docSpan.FindAllStringSubmatch(strings.Join(strings.Fields(paragraph), " "), -1) {
			if said := span[1]; regexp.MustCompile(`^[a-z'’]+( [a-z'’]+){3}`).MatchString(said) && !strings.HasPrefix(said, "keystile ") {
				quoted++
				if said, _, _ = strings.Cut(said, ":"); said != ofSQLite && !sourceHas(t, ".go", said) {
					t.Errorf("nothing says %q", span[1])
				}
			}
		}
	}
	if quoted < 8 {
		t.Errorf("only %d messages are quoted", quoted)
	}
}

// Each line about somebody else names where that is from, and the page when it
// was read.
func TestTheComparisonHasItsSources(t *testing.T) {
	t.Parallel()
	page := readPage(t, "docs/comparison.md")
	if !regexp.MustCompile(`read in [A-Z][a-z]+ 20\d\d`).MatchString(page) {
		t.Error("the page doesn't say when its sources were read")
	}
	others := 0
	for line := range strings.Lines(page) {
		if !strings.HasPrefix(line, "| **") || strings.HasPrefix(line, "| **Keystile**") {
			continue
		}
		others++
		for i, cell := range strings.Split(strings.Trim(line, "| \n"), " | ")[1:] {
			if cell != "–" && !strings.Contains(cell, "](https://") {
				t.Errorf("column %d has no source: %s", i+2, line)
			}
		}
	}
	if others < 7 {
		t.Errorf("only %d others are compared", others)
	}
}

// The unit is one that systemd reads, where systemd is.
func TestSystemdReadsTheUnit(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		t.Skip("there is no systemd here")
	}
	program, err := filepath.Abs(tested(t).path)
	must(t, err)
	verify := func(text string) string {
		file := filepath.Join(t.TempDir(), "keystile.service")
		put(t, file, strings.ReplaceAll(text, "/usr/local/bin/keystile", program))
		out, err := exec.Command("systemd-analyze", "verify", "--man=no", file).CombinedOutput()
		if err != nil {
			return string(out) + err.Error()
		}
		return string(out)
	}
	unit := readPage(t, "deploy/systemd/keystile.service")
	if said := verify(unit); strings.Contains(said, "keystile.service") {
		t.Errorf("systemd says: %s", said)
	}
	if said := verify(strings.Replace(unit, "NoNewPrivileges=", "NoNewPrivilege=", 1)); !strings.Contains(said, "NoNewPrivilege") {
		t.Errorf("of a unit that is wrong, systemd says: %s", said)
	}
}
