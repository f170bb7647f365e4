package main

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// line is one of the page: something that is tried.
type line struct {
	id   string // as CRED-01
	text string
}

// row is a line of one of the page's tables.
var row = regexp.MustCompile(`^\| ([A-Z]+-\d\d) \| (.+?) \|(?: (.+) \|)?$`)

// read returns the lines of a page, as they stand there.
func read(page string) (lines []line, err error) {
	seen := map[string]bool{}
	for text := range strings.Lines(page) {
		found := row.FindStringSubmatch(strings.TrimSpace(text))
		if found == nil {
			continue
		}
		if seen[found[1]] {
			return nil, fmt.Errorf("%s stands there twice", found[1])
		}
		seen[found[1]] = true
		lines = append(lines, line{id: found[1], text: found[2]})
	}
	if len(lines) == 0 {
		return nil, errors.New("no line has an ID")
	}
	return lines, nil
}

// ids finds IDs in the names of tests: CRED-01 in those of subtests, CRED01 in
// those of functions.
type ids struct {
	anywhere *regexp.Regexp
	atStart  *regexp.Regexp
}

// idsOf takes whatever looks like an ID of one of the groups of lines: one of
// which there is no line is found, too.
func idsOf(lines []line) ids {
	groups := map[string]bool{}
	for _, l := range lines {
		group, _, _ := strings.Cut(l.id, "-")
		groups[group] = true
	}
	one := `(` + strings.Join(slices.Sorted(maps.Keys(groups)), "|") + `)-?(\d\d)`
	return ids{anywhere: regexp.MustCompile(one), atStart: regexp.MustCompile(`^ ?` + one + `(?:$| )`)}
}

// in are the IDs in a name.
func (i ids) in(name string) []string { return unified(i.anywhere.FindAllStringSubmatch(name, -1)) }

// leading are the IDs with which a text begins, as names of subtests do.
func (i ids) leading(text string) []string {
	if !i.atStart.MatchString(text) {
		return nil
	}
	return i.in(text)
}

func unified(matches [][]string) (found []string) {
	for _, match := range matches {
		found = append(found, match[1]+"-"+match[2])
	}
	return found
}
