package e2e

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	docSpan = regexp.MustCompile("`([^`\n]+)`")
	// docCalls finds our commands within lines of a shell.
	docCalls = regexp.MustCompile(`(?:^|[|;&(=] ?|; exec |^\w+=\S+ |/usr/bin/)keystile( [^|;&#)\n]*)`)
	// What is written about a command, beside its words.
	docNotWords = regexp.MustCompile(`^(\[.*|.*\]|…|[A-Z]+…?|[a-z]+_…)$`)
)

// Whatever a document calls of ours is read by the real commands, in its text as
// well: commands and flags that aren't there are found.
func TestEveryCommandThatPagesNameIsThere(t *testing.T) {
	t.Parallel()
	p := newDocPlace(t, docPage{})
	seen := map[string]string{} // from a command to what is wrong with it
	for _, page := range docPages(t) {
		for _, call := range callsIn(page, readPage(t, page)) {
			wrong, known := seen[call]
			if !known {
				wrong = p.misread(call)
				seen[call] = wrong
			}
			if wrong != "" {
				t.Errorf("%s: %s", page, wrong)
			}
		}
	}
	if len(seen) < 60 {
		t.Errorf("only %d commands were found", len(seen))
	}
	for call, want := range map[string]string{
		"keys create NAME --colour blue":     "unknown flag: --colour",
		"keys mend key_…":                    "no command",
		"mend":                               "no command",
		"keys create NAME --scopes a,b -x 1": "unknown shorthand",
	} {
		if got := p.misread(call); !strings.Contains(got, want) {
			t.Errorf("of keystile %s, found %q, want %q", call, got, want)
		}
	}
}

// callsIn are the commands of ours in a page, by their words: what stands alone
// between backquotes, and what a shell would run.
func callsIn(page, text string) (calls []string) {
	var lines []string
	for _, span := range docSpan.FindAllStringSubmatch(text, -1) {
		lines = append(lines, span[1])
	}
	blocks, _ := blocksOf(page, text)
	for _, b := range blocks {
		if b.language != "sh" && b.language != "console" {
			continue
		}
		for _, c := range commandsOf(b) {
			lines = append(lines, strings.ReplaceAll(c.text, "\\\n", " "))
		}
	}
	for _, line := range lines {
		for _, call := range docCalls.FindAllStringSubmatch(line, -1) {
			words := strings.Fields(strings.NewReplacer(`"`, "", "'", "", "[", "", "]", "").Replace(call[1]))
			words = slices.DeleteFunc(words, docNotWords.MatchString)
			calls = append(calls, strings.Join(words, " "))
		}
	}
	return calls
}

// misread has the binary read a command, without running it: it is asked for
// help, in front of the first flag, so that a flag at the end may lack its value.
func (p *docPlace) misread(call string) string {
	words := strings.Fields(call)
	first := slices.IndexFunc(words, func(word string) bool { return strings.HasPrefix(word, "-") && word != "-" })
	if first < 0 {
		first = len(words)
	}
	done := p.keystile("", slices.Insert(slices.Clone(words), first, "--help")...)
	switch {
	case done.status != 0 && !strings.Contains(done.err, "flag needs an argument"):
		return "keystile " + call + ": " + strings.TrimSpace(done.err)
	case first > 1 && strings.Contains(done.out, " COMMAND\n"):
		return "keystile " + call + ": there is no command " + words[1]
	}
	return ""
}

var (
	docTestRuns = regexp.MustCompile(`go test [^` + "`\n" + `]*-(?:run|bench) ('[^']+'|[\w.|]+)`)
	docMakes    = regexp.MustCompile(`(?:^|` + "`" + `|\$ )make ([a-z][a-z0-9-]*)`)
)

// What pages tell people to have tested is there to be.
func TestTestsAndTargetsThatPagesNameAreThere(t *testing.T) {
	t.Parallel()
	makefile, tests := readPage(t, "Makefile"), testNames(t)
	for _, page := range docPages(t) {
		text := readPage(t, page)
		for _, run := range docTestRuns.FindAllStringSubmatch(text, -1) {
			pattern := strings.Trim(run[1], "'")
			if pattern != "^$" && !slices.ContainsFunc(tests, regexp.MustCompile(pattern).MatchString) {
				t.Errorf("%s: %s meets no test", page, run[0])
			}
		}
		for _, target := range docMakes.FindAllStringSubmatch(text, -1) {
			if !strings.Contains(makefile, "\n"+target[1]+":") {
				t.Errorf("%s: make has no %s", page, target[1])
			}
		}
	}
}

func testNames(t testing.TB) (names []string) {
	t.Helper()
	out, err := exec.Command("grep", "-rhoE", "^func (Test|Benchmark|Fuzz)[A-Za-z0-9_]+", "--include=*_test.go", filepath.Join("..")).Output()
	must(t, err)
	for line := range strings.Lines(string(out)) {
		names = append(names, strings.TrimSpace(strings.TrimPrefix(line, "func ")))
	}
	return names
}
