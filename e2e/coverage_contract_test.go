package e2e

import (
	"flag"
	"fmt"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
)

var showLines = flag.Bool("lines", false, "print which test would miss which line of the contract")

// contractLine is one line of the sample, and the test that would miss it.
type contractLine struct {
	at    string
	test  check // passes where the line stands
	in    *setting
	fails []failure
}

// failure is what the test says where the line doesn't stand.
type failure struct {
	instead string // in the line's place; empty: nothing, or what an alternative replaces
	says    string // a part of it
}

// leftOut is the failure of a test whose line is left out.
func leftOut(says string) failure { return failure{"", says} }

// heldAnyway is of a line that says what holds where it is left out, too: its
// test passes then, and has to fail under the opposite.
var heldAnyway = failure{}

func TestEveryLineOfTheContractIsListedOnce(t *testing.T) {
	t.Parallel()
	listed := map[string][]string{}
	for _, line := range contractLines() {
		listed[line.at] = append(listed[line.at], line.describe())
	}
	for _, line := range readSample(t) {
		if line.at == "" || line.at == rootBlock {
			continue // a bracket alone
		}
		about := listed[line.at]
		if len(about) != 1 {
			t.Errorf("%q is listed %d times, want once: with the test that would miss it", line.at, len(about))
		}
		if *showLines {
			fmt.Printf("%s\n    %s\n", line.at, strings.Join(about, "\n"))
		}
		delete(listed, line.at)
	}
	for at := range listed {
		t.Errorf("%q is listed, but is no line of the sample", at)
	}
}

// describe says what tests the line, and what tests that test.
func (l contractLine) describe() string {
	var ways []string
	for _, f := range l.fails {
		switch {
		case f.instead != "":
			ways = append(ways, "under "+strings.Join(strings.Fields(f.instead), " "))
		case f != heldAnyway:
			ways = append(ways, "without it")
		}
	}
	return l.function() + " fails " + strings.Join(ways, ", ")
}

// function is the name of the line's test.
func (l contractLine) function() string {
	name := runtime.FuncForPC(reflect.ValueOf(l.test).Pointer()).Name()
	return name[strings.LastIndex(name, ".")+1:]
}

func TestEachLineOfTheContractWouldBeMissed(t *testing.T) {
	t.Parallel()
	all := readSample(t)
	for _, s := range contractSettings {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			g := s.stage(t, all)
			for _, act := range s.acts(t, all) {
				act.play(t, g)
			}
		})
	}
}

// act is one configuration, and the tests that are run under it.
type act struct {
	caddyfile string
	tests     []expectation
}

type expectation struct {
	contractLine
	name string
	says string // empty: the test passes
}

// acts are all that is to be played in a setting, the sample itself first: one
// configuration after the other.
func (s *setting) acts(t testing.TB, all sample) []*act {
	acts := []*act{{caddyfile: s.edit().place(all)}}
	expect := func(e edit, x expectation) {
		caddyfile := e.place(all)
		i := slices.IndexFunc(acts, func(a *act) bool { return a.caddyfile == caddyfile })
		if i < 0 {
			i = len(acts)
			acts = append(acts, &act{caddyfile: caddyfile})
		}
		acts[i].tests = append(acts[i].tests, x)
	}
	for _, listed := range contractLines() {
		line, found := all.line(listed.at)
		if !found {
			t.Fatalf("%q is no line of the sample", listed.at)
		}
		if listed.setting() != s {
			continue
		}
		standing := s.edit()
		if line.alternative {
			standing = standing.with(line)
		}
		expect(standing, expectation{listed, "stands", ""})
		for _, f := range listed.fails {
			without := s.edit().and(line.at, f.instead)
			if line.alternative {
				without = s.edit()
				if f.instead != "" {
					without = standing.and(line.at, f.instead)
				}
			}
			expect(without, expectation{listed, orElse(f.instead, "left out"), f.says})
		}
	}
	return acts
}

func (l contractLine) setting() *setting {
	if l.in == nil {
		return wholeSample
	}
	return l.in
}

func (e edit) place(all sample) string { return placed.Replace(all.text(e)) }

func (a *act) play(t *testing.T, g *gate) {
	g.options.whole = a.caddyfile
	refused := g.tryReload(g.caddyfile())
	if refused == nil {
		g.taken(g.caddyfile())
	}
	for _, x := range a.tests {
		t.Run(x.at+"/"+x.name, func(t *testing.T) {
			var said string
			if refused != nil {
				said = refused.Error()
			} else {
				said = complaint(t, g, x.test)
			}
			switch {
			case x.says == "" && said != "":
				t.Errorf("%s: %s", x.function(), said)
			case x.says != "" && !strings.Contains(said, x.says):
				t.Errorf("%s says %q, want something with %q", x.function(), said, x.says)
			default:
				t.Logf("%s: %s", x.function(), orElse(said, "passes"))
			}
		})
	}
}
