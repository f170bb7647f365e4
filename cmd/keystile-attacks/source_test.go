package main

import (
	"os"
	"testing"
)

// page is where the lines stand, from here.
const page = "../../docs/attacks.md"

func TestEachLineOfThePageIsInTheNameOfATest(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := read(string(text))
	if err != nil {
		t.Fatal(err)
	}
	tests, err := testsIn(os.DirFS("../.."), idsOf(lines))
	if err != nil {
		t.Fatal(err)
	}
	bearing := map[string]bool{}
	for _, one := range tests {
		for _, id := range one.ids {
			bearing[id] = true
		}
	}
	for _, l := range lines {
		if !bearing[l.id] {
			t.Errorf("no test bears the ID %s (%s): name one, or a subtest, by it", l.id, l.text)
		}
		delete(bearing, l.id)
	}
	for id := range bearing {
		t.Errorf("tests bear the ID %s, which docs/attacks.md doesn't have", id)
	}
}
