package archtest

import (
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
)

const (
	adrFolder       = "docs/adr"
	adrIndex        = adrFolder + "/README.md"
	dependencyPage  = "docs/dependencies.md"
	stateDependency = "say in " + dependencyPage + " what it is for and what would replace it"
)

var adrRule = rule{"the index lists every decision", checkADRs}

func checkADRs(t *tree) (found []finding) {
	numbers := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(t.texts)) {
		if path.Dir(name) != adrFolder || name == adrIndex {
			continue
		}
		base := path.Base(name)
		number, _, _ := strings.Cut(base, "-")
		if !regexp.MustCompile(`^\d{4}-[a-z0-9-]+\.md$`).MatchString(base) {
			found = append(found, finding{name, 1, "an odd name for a decision: call it NNNN-what-was-decided.md"})
		} else if other := numbers[number]; other != "" {
			found = append(found, finding{name, 1, "the number is taken by " + other + ": use the next free one"})
		}
		numbers[number] = base
		if !strings.Contains(t.texts[adrIndex], "("+base+")") {
			found = append(found, finding{name, 1, "not listed: add a line with a link to it to " + adrIndex})
		}
	}
	return found
}

var dependencyRule = rule{"every direct dependency has a reason", checkDependencies}

func checkDependencies(t *tree) (found []finding) {
	line, block := 0, false
	for text := range strings.Lines(t.texts["go.mod"]) {
		line++
		words := strings.Fields(text)
		switch {
		case len(words) == 0 || strings.Contains(text, "// indirect"):
			continue
		case words[0] == "require" && words[1] == "(":
			block = true
		case words[0] == ")":
			block = false
		case words[0] == "require" && !t.reasoned(words[1]), block && !t.reasoned(words[0]):
			found = append(found, finding{"go.mod", line, "a dependency without a reason: " + stateDependency})
		}
	}
	return found
}

func (t *tree) reasoned(module string) bool {
	return strings.Contains(t.texts[dependencyPage], "`"+module+"`")
}
