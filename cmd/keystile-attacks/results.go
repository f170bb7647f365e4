package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// results are what came of the lines of a page.
type results struct {
	lines []line
	ids   ids
	of    map[string]tally // by ID
	stray map[string]bool  // IDs in tests' names that have no line
	bad   map[string]bool  // functions and packages of which something is known to have failed
	lost  map[string]bool  // those that failed, and of no ID is it known
}

// tally is what came of the tests of one ID.
type tally map[string]*counts // by package and test function

type counts struct{ passed, failed int }

// event is as much as is needed of a line of `go test -json`.
type event struct {
	Action, Package, Test, Output string
}

func resultsOf(lines []line) results {
	all := results{lines: lines, ids: idsOf(lines), of: map[string]tally{}, stray: map[string]bool{}, bad: map[string]bool{}, lost: map[string]bool{}}
	for _, l := range lines {
		all.of[l.id] = tally{}
	}
	return all
}

// add reads the events of a run. What tests that fail have printed, and what
// came of whole packages, goes to progress.
func (all results) add(from io.Reader, progress io.Writer) error {
	printed := map[string]*strings.Builder{}
	events := json.NewDecoder(from)
	for {
		var e event
		err := events.Decode(&e)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read the results of tests: %w", err)
		}
		name := e.Package + " " + e.Test
		switch e.Action {
		case "output":
			if printed[name] == nil {
				printed[name] = &strings.Builder{}
			}
			printed[name].WriteString(e.Output)
		case "pass", "fail", "skip":
			all.note(e)
			if text := printed[name]; text != nil && (e.Action == "fail" || e.Test == "") {
				fmt.Fprint(progress, text.String())
			}
			delete(printed, name)
		}
	}
}

// fail notes a test that failed, or a package, where the function is empty. What
// has no ID fails with its parts, which come before it, and may fail by itself:
// then it has said so of all of them.
func (all results) fail(in, function string, known bool) {
	name := strings.TrimSpace(in + " " + function)
	if !known && !all.bad[name] {
		all.lost[name] = true
	}
	all.bad[name], all.bad[in] = true, true
}

// note counts one test for each ID in its name. One that is skipped proves
// nothing.
func (all results) note(e event) {
	function, _, _ := strings.Cut(e.Test, "/")
	ids := all.ids.in(e.Test)
	if e.Action == "fail" {
		all.fail(shortened(e.Package), function, len(ids) > 0)
	}
	slices.Sort(ids)
	for _, id := range slices.Compact(ids) {
		of, known := all.of[id]
		if !known {
			all.stray[id] = true
			continue
		}
		name := shortened(e.Package) + " " + function
		if of[name] == nil {
			of[name] = &counts{}
		}
		switch e.Action {
		case "pass":
			of[name].passed++
		case "fail":
			of[name].failed++
		}
	}
}

// shortened is a package's path without the module's.
func shortened(path string) string {
	return strings.TrimPrefix(path, "github.com/keystile/keystile/")
}

// outcome is a word for what came of the tests of an ID.
func (t tally) outcome() string {
	var all counts
	for _, c := range t {
		all.passed += c.passed
		all.failed += c.failed
	}
	switch {
	case all.failed > 0:
		return "FAILED"
	case all.passed == 0:
		return "not run"
	}
	return "ok"
}

// print writes a line for each ID, and reports whether all are well.
func (all results) print(to io.Writer) bool {
	told := map[string]int{}
	for _, l := range all.lines {
		outcome := all.of[l.id].outcome()
		told[outcome]++
		fmt.Fprintf(to, "%-9s  %-7s  %s\n", l.id, outcome, l.text)
		for _, name := range slices.Sorted(maps.Keys(all.of[l.id])) {
			c := all.of[l.id][name]
			if c.failed > 0 {
				fmt.Fprintf(to, "%20s %s: %d of %d FAILED\n", "", name, c.failed, c.failed+c.passed)
				continue
			}
			fmt.Fprintf(to, "%20s %s: %d\n", "", name, c.passed)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(all.stray)) {
		fmt.Fprintf(to, "%-9s  a test bears this ID, and no line\n", id)
	}
	for _, name := range slices.Sorted(maps.Keys(all.lost)) {
		fmt.Fprintf(to, "%-9s  FAILED   %s\n", "no ID", name)
	}
	fmt.Fprintf(to, "%d IDs: %d ok, %d FAILED, %d not run\n", len(all.lines), told["ok"], told["FAILED"], told["not run"])
	return told["ok"] == len(all.lines) && len(all.stray) == 0 && len(all.lost) == 0
}
